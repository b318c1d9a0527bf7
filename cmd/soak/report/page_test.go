//go:build linux

package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/load"
	"github.com/slotpool/slotpool/internal/testkit"
)

// sampleHistory is what a run of n seconds could have written.
func sampleHistory(n int) *History {
	h := &History{Run: &RunInfo{Started: time.Unix(0, 0), Arguments: []string{"-duration", "1h"}, Seed: 5, Duration: float64(n)}}
	for i := range n {
		t := float64(i)
		h.Samples = append(h.Samples, &Sample{
			T: t, Descriptors: map[string]int{"socket": 10 + i%7, "file": 5}, TCP: map[string]int{"ESTABLISHED": 10, "TIME_WAIT": i},
			Goroutines: 100 + i%3, HeapLive: 30 << 20, RSS: 60 << 20, GetRate: 500, Gets: load.Quantiles{P50: 0.1, P99: 2, Max: 9, N: 500},
		})
		if i%10 == 0 {
			h.Windows = append(h.Windows, WindowInfo{T: t, Until: t + 7, Selection: load.SelectZipf, Faults: []string{"reset", "emfile"}[:i/10%3%2+i/20%2]})
		}
	}
	h.Failures = []FailureInfo{{check.LeakFD, check.Finding{Count: 1, At: float64(n) / 3, First: "</script><b>a socket & more"}}}
	return h
}

func TestPageIsSelfContained(t *testing.T) {
	page, err := renderPage(sampleHistory(100))
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, want := range []string{"Descriptors by kind", "uPlot", "&lt;/script&gt;&lt;b&gt;a socket &amp; more", "no verdict"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
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
		if _, err := ReadHistory(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

// TestPageInBrowser opens the page in headless Chromium without a network. The
// screenshot is for the eye: it stays in the directory that SOAK_SHOT names.
func TestPageInBrowser(t *testing.T) {
	t.Parallel()
	browser := testkit.NeedBrowser(t)
	dir := t.TempDir()
	page, err := renderPage(sampleHistory(300))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, PageFile)
	if err := os.WriteFile(path, page, 0o600); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`data-plots="%d"`, len(chartData(sampleHistory(300)).Charts))
	const size = "--window-size=1280,3600"
	dom := browser.Open(t, "file://"+path, size, "--dump-dom")
	if !strings.Contains(dom, want) {
		t.Errorf("the page did not draw its plots: no %s in\n%.2000s", want, dom)
	}
	shots := dir
	if d := os.Getenv("SOAK_SHOT"); d != "" {
		shots = d
	}
	shot := filepath.Join(shots, "page.png")
	browser.Open(t, "file://"+path, size, "--screenshot="+shot)
	if _, colors := testkit.ReadPNG(t, shot); !colors[[3]uint8{0x1f, 0x5f, 0xa8}] || len(colors) < 50 {
		t.Errorf("no curve in the screenshot, which has %d colours", len(colors))
	}
}
