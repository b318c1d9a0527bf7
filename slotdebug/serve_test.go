package slotdebug

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/internal/testpool"
	"github.com/slotpool/slotpool/resourcepool"
)

func TestMain(m *testing.M) { os.Exit(testkit.Run(m)) }

func ask(t *testing.T, h http.Handler, target, accept string) *http.Response {
	t.Helper()
	r := httptest.NewRequest("GET", target, nil)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(b.String(), "\r\n\r\n")
	return text
}

func TestFormatFollowsWhoAsks(t *testing.T) {
	h := &Handler{Pools: []*resourcepool.Pool{resourcepool.New(3, "here")}}
	for _, c := range []struct{ target, accept, kind, want string }{
		{"/", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html", "<!DOCTYPE html>"},
		{"/", "*/*", "text/plain", "pool here\n"}, // curl
		{"/", "*/*", "text/plain", "as of 20"},    // old figures say so
		{"/", "", "text/plain", "pool here\n"},
		{"/", "application/json", "application/json", `"name":"here"`},
		{"/?format=json", "text/html", "application/json", `"name":"here"`},
		{"/?format=text", "text/html", "text/plain", "pool here\n"},
		{"/?format=html", "", "text/html", "<!DOCTYPE html>"},
	} {
		r := ask(t, h, c.target, c.accept)
		if got := r.Header.Get("Content-Type"); r.StatusCode != http.StatusOK || got != c.kind+"; charset=utf-8" {
			t.Errorf("%s for %q: %d, %s, want %s", c.target, c.accept, r.StatusCode, got, c.kind)
		}
		if text := body(t, r); !strings.Contains(text, c.want) {
			t.Errorf("%s for %q: no %q in\n%s", c.target, c.accept, c.want, text)
		}
	}
}

func TestBadRequestsAreNamed(t *testing.T) {
	h := &Handler{}
	for target, want := range map[string]string{
		"/?format=xml":             `format="xml": want html, json or text`,
		"/?format=json&since=noon": `since="noon": want milliseconds`,
	} {
		r := ask(t, h, target, "")
		if text := body(t, r); r.StatusCode != http.StatusBadRequest || !strings.Contains(text, want) {
			t.Errorf("%s: %d %q, want %q", target, r.StatusCode, text, want)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func look(t *testing.T, h *Handler, target string) (v view) {
	t.Helper()
	if err := json.Unmarshal([]byte(body(t, ask(t, h, target, ""))), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestViewHasTheFigures(t *testing.T) {
	p := resourcepool.New(2, "a")
	below := p.Sub(1, "b")
	held := testpool.Get(t, below)
	defer held.Put()
	testpool.Get(t, p).Put()
	v := look(t, &Handler{Pools: []*resourcepool.Pool{p, below}}, "/?format=json")
	if len(v.Pools) != 2 || v.Pools[0].Name != "a" || v.Pools[0].Parent != "" || v.Pools[1].Name != "b" || v.Pools[1].Parent != "a" {
		t.Fatalf("%+v", v.Pools)
	}
	if got, want := v.Pools[0].Stats, p.Stats(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	want := sample{At: v.Now, Max: 2, InUse: 1, Idle: 1, Gets: 2, Opened: 2}
	if s := v.Pools[0].Samples; len(s) != 1 || s[0] != want {
		t.Errorf("%+v, want %+v", s, want)
	}
}
