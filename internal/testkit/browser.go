package testkit

import (
	"context"
	"image"
	"image/png"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Browser is a headless Chromium that can reach nothing but files and 127.0.0.1.
type Browser struct{ path string }

// NeedBrowser skips the test if there is no Chromium.
func NeedBrowser(t *testing.T) Browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed (Debian: apt-get install chromium); the page was not opened")
	}
	return Browser{path}
}

// Open opens a page and returns what the browser prints, such as the page as it has
// become with --dump-dom among the flags.
func (b Browser) Open(t *testing.T, url string, flags ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.path, append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir(),
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"}, append(flags, url)...)...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("chromium %s: %v\n%s", strings.Join(flags, " "), err, out)
	}
	return string(out)
}

// ReadPNG returns the picture in a file and the colours in it, red, green and blue.
func ReadPNG(t *testing.T, path string) (picture image.Image, colours map[[3]uint8]bool) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if picture, err = png.Decode(f); err != nil {
		t.Fatal(err)
	}
	colours = map[[3]uint8]bool{}
	size := picture.Bounds()
	for x := size.Min.X; x < size.Max.X; x++ {
		for y := size.Min.Y; y < size.Max.Y; y++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			colours[[3]uint8{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)}] = true
		}
	}
	return picture, colours
}
