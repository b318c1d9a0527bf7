package slotdebug

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/internal/testpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// hostile is what nobody's address should be able to do.
const hostile = `</script><script>document.title="broken"</script><img src=x onerror="document.title='broken'">`

// shown is a handler that has something to show, and has been looked at for a while.
func shown(t *testing.T) *Handler {
	t.Helper()
	p := resourcepool.New(48, "connections")
	below := p.Sub(8, hostile)
	for range 80 {
		testpool.Get(t, p).Put()
	}
	held := []*resourcepool.Resource{testpool.Get(t, p), testpool.Get(t, p), testpool.Get(t, below)}
	t.Cleanup(func() {
		for _, r := range held {
			r.Put()
		}
	})
	for i := range 40 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i*i)*10*time.Microsecond)
		if held[0].GetContext(ctx) == nil {
			t.Fatal("a resource in use was handed out")
		}
		cancel()
	}
	conns := pipePool(t, resourcepool.New(20, ""))
	for i := range 30 {
		hold(t, conns, fmt.Sprintf("10.1.2.%d:6970", i%9))
		if i%3 == 0 {
			_, _ = conns.Get(t.Context(), "tcp", fmt.Sprintf("down-%d.example.com:443", i%4))
		}
		if i%2 == 0 {
			_ = hold(t, conns, "gone.example.com:80").Close()
		}
		if i > 12 {
			break
		}
	}
	hold(t, conns, hostile)
	h := &Handler{Pools: []*resourcepool.Pool{p, below}, Conns: map[string]*connpool.Pool{"backends": conns}}
	h.looks.samples = map[string][]sample{"connections": history(time.Now())}
	return h
}

// history is what looks of the last minutes could have seen, with a pause.
func history(now time.Time) (all []sample) {
	for i := 280; i > 0; i-- {
		if 100 < i && i < 120 {
			continue
		}
		busy := uint(24 + 20*((i/9)%5)/4)
		s := sample{At: now.Add(-time.Duration(i) * time.Second).UnixMilli(), Max: 48, InUse: busy, Idle: 47 - busy, Releasing: 1}
		if busy > 40 {
			s.Waiting = uint(i % 13)
		}
		all = append(all, s)
	}
	return all
}

// reader scrolls in the list of holders and opens one by the keyboard. When the page has been
// drawn anew, its title says where the list, the keyboard and the stack are then.
const reader = `<iframe src="/" style="width:1000px;height:3000px"></iframe><script>
const frame = document.querySelector("iframe"), page = () => frame.contentDocument;
const list = () => page().querySelector("summary").closest(".scroll");
frame.onload = () => {
	const before = list(), summary = page().querySelector("summary");
	summary.click();
	summary.focus();
	before.scrollTop = 150;
	const wait = setInterval(() => {
		if (list() === before) return;
		clearInterval(wait);
		const at = page().activeElement;
		document.title = [list().scrollTop, at.textContent, at.parentNode.open ? "open" : "closed"].join(", ");
	}, 50);
};
</script>`

// TestPageInBrowser opens the page in headless Chromium without a network. The
// screenshots are for the eye: they stay in the directory that SLOTDEBUG_SHOT names.
func TestPageInBrowser(t *testing.T) {
	browser := testkit.NeedBrowser(t)
	mux := http.NewServeMux()
	mux.Handle("/", shown(t))
	mux.HandleFunc("/narrow", func(w http.ResponseWriter, _ *http.Request) { // a window cannot be as narrow
		fmt.Fprint(w, `<body style="margin:0"><iframe src="/" style="border:0;width:380px;height:3990px"></iframe>`)
	})
	mux.HandleFunc("/reader", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, reader) })
	server := httptest.NewServer(mux)
	defer server.Close()
	if dom := browser.Open(t, server.URL+"/reader", "--dump-dom", "--virtual-time-budget=6000"); !strings.Contains(dom, "<title>150, 10.1.2.0:6970, open") {
		t.Errorf("the page does not leave who reads a list where they are: %.200s", dom)
	}
	dom := browser.Open(t, server.URL, "--dump-dom", "--virtual-time-budget=3000")
	for _, want := range []string{"<title>slotpool</title>", "&lt;/script&gt;&lt;script&gt;document.title=", "Waits for another user", "Dialled most", "Holders, the longest first", "Closed last", "Follows ", `class="use" d="M`} {
		if !strings.Contains(dom, want) {
			t.Errorf("the page has no %s:\n%.3000s", want, dom)
		}
	}
	if strings.Contains(dom, `data-looks="1"`) || !strings.Contains(dom, `data-looks="`) {
		t.Errorf("the page did not look again:\n%.300s", dom)
	}
	dir := t.TempDir()
	if d := os.Getenv("SLOTDEBUG_SHOT"); d != "" {
		dir = d
	}
	for _, s := range []struct {
		name, path, size string
		scheme           int
	}{
		{"light", "/", "1200,2600", 1}, {"dark", "/", "1200,2600", 0},
		{"narrow", "/narrow", "500,4000", 1}, {"narrow-dark", "/narrow", "500,4000", 0},
	} {
		shot := filepath.Join(dir, s.name+".png")
		browser.Open(t, server.URL+s.path, "--window-size="+s.size, "--hide-scrollbars",
			fmt.Sprintf("--blink-settings=preferredColorScheme=%d", s.scheme), "--screenshot="+shot)
		picture, colours := testkit.ReadPNG(t, shot)
		paper, _, _, _ := picture.At(0, 0).RGBA()
		if dark := paper>>8 < 0x80; len(colours) < 30 || dark != (s.scheme == 0) {
			t.Errorf("%s has %d colours, the paper's red is %#x", shot, len(colours), paper>>8)
		}
	}
}
