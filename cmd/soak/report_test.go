//go:build linux

package main

import (
	"context"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sampleHistory is what a run of n seconds could have written.
func sampleHistory(n int) *history {
	h := &history{Run: &runInfo{Started: time.Unix(0, 0), Arguments: []string{"-duration", "1h"}, Seed: 5, Duration: float64(n)}}
	for i := range n {
		t := float64(i)
		h.Samples = append(h.Samples, &sample{
			T: t, Descriptors: map[string]int{"socket": 10 + i%7, "file": 5}, TCP: map[string]int{"ESTABLISHED": 10, "TIME_WAIT": i},
			Goroutines: 100 + i%3, HeapLive: 30 << 20, RSS: 60 << 20, GetRate: 500, Gets: quantiles{0.1, 2, 9, 500},
		})
		if i%10 == 0 {
			h.Windows = append(h.Windows, windowInfo{T: t, Until: t + 7, Selection: selectZipf, Faults: []string{"reset", "emfile"}[:i/10%3%2+i/20%2]})
		}
	}
	h.Failures = []failureInfo{{checkLeakFD, finding{1, float64(n) / 3, "</script><b>a socket & more"}}}
	return h
}

func TestPageIsSelfContained(t *testing.T) {
	page, err := renderPage(sampleHistory(100))
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	wantOutput(t, text, "Descriptors by kind", "uPlot", "&lt;/script&gt;&lt;b&gt;a socket &amp; more", "no verdict")
	for _, bad := range []string{"<script src", "<link", "@import", "url(http", "</script><b>a socket"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
}

func TestChartsThinOutButKeepPeaks(t *testing.T) {
	h := sampleHistory(3 * mostPoints)
	h.Samples[4711].Goroutines = 99999
	c := chartData(h)
	if len(c.Times) != mostPoints {
		t.Errorf("%d points of %d samples, want %d", len(c.Times), len(h.Samples), mostPoints)
	}
	peak := 0.0
	for _, chart := range c.Charts {
		for _, curve := range chart.Series {
			if len(curve.Values) != len(c.Times) {
				t.Errorf("%s, %s: %d values", chart.Title, curve.Name, len(curve.Values))
			}
			if curve.Name == "goroutines" {
				for _, v := range curve.Values {
					peak = max(peak, *v)
				}
			}
		}
	}
	if peak != 99999 {
		t.Errorf("the peak of 99999 shows as %v", peak)
	}
}

func TestHistoryNamesBadLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "no line tells of a run",
		`{"run":{}}` + "\n{\n":          "line 2: unexpected end of JSON",
		`{"run":{}}` + "\n{\"x\":1}\n":  "line 2: unknown record",
		`{"sample":{"t":1}}` + "\n{\"r": "no line tells of a run",
	} {
		if _, err := readHistory(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

// TestPageInBrowser opens the page in headless Chromium without a network. The
// screenshot is for the eye: it stays in the directory that SOAK_SHOT names.
func TestPageInBrowser(t *testing.T) {
	t.Parallel()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed (Debian: apt-get install chromium); the page was not opened")
	}
	dir := t.TempDir()
	page, err := renderPage(sampleHistory(300))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, pageFile)
	if err := os.WriteFile(path, page, 0o600); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`data-plots="%d"`, len(chartData(sampleHistory(300)).Charts))
	dom := openPage(t, browser, path, "--dump-dom")
	if !strings.Contains(dom, want) {
		t.Errorf("the page did not draw its plots: no %s in\n%.2000s", want, dom)
	}
	shots := dir
	if d := os.Getenv("SOAK_SHOT"); d != "" {
		shots = d
	}
	shot := filepath.Join(shots, "page.png")
	openPage(t, browser, path, "--screenshot="+shot)
	if colors := colorsOf(t, shot); !colors[[3]uint32{0x1f, 0x5f, 0xa8}] || len(colors) < 50 {
		t.Errorf("no curve in the screenshot, which has %d colours", len(colors))
	}
}

func colorsOf(t *testing.T, path string) map[[3]uint32]bool {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	image, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	colors := map[[3]uint32]bool{}
	for x := 0; x < image.Bounds().Dx(); x++ {
		for y := 0; y < image.Bounds().Dy(); y++ {
			r, g, b, _ := image.At(x, y).RGBA()
			colors[[3]uint32{r >> 8, g >> 8, b >> 8}] = true
		}
	}
	return colors
}

func openPage(t *testing.T, browser, path string, what string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+t.TempDir(),
		"--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1280,3600", what, "file://"+path)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("chromium %s: %v\n%s", what, err, out)
	}
	return string(out)
}
