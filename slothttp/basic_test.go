package slothttp_test

import (
	"net/http"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestReuse(t *testing.T) {
	s := newServer(t, hello)
	tr, pool := newTransport(t, 4)
	var late lateness
	for range 5 {
		if got := late.fetch(t, tr, s.URL+"/a"); got != "hello /a" {
			t.Fatalf("got %q", got)
		}
		wantIdle(t, pool, 1)
	}
	if n := s.conns.Load(); n > 1+int32(late) {
		t.Errorf("%d connections, want 1, and %d requests were late", n, late)
	}
}

func TestBodylessAnswersPark(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	tr, pool := newTransport(t, 4)
	var late lateness
	for range 300 {
		late.fetch(t, tr, s.URL)
	}
	testkit.Eventually(t, "none is in use", func() bool { return pool.Stats().InUse == 0 })
	if n := s.conns.Load(); n > 1+int32(late) {
		t.Errorf("%d connections, want 1, and %d requests were late", n, late)
	}
}

func newSecure(t *testing.T, h http.HandlerFunc) *counted {
	t.Helper()
	s := newUnstarted(t, h)
	s.EnableHTTP2 = true
	s.StartTLS()
	return s
}

func TestHTTP2(t *testing.T) {
	gate := make(chan struct{})
	s := newSecure(t, func(w http.ResponseWriter, r *http.Request) {
		<-gate
		hello(w, r)
	})
	tr, pool := newTransport(t, 4)
	tr.Base = s.Client().Transport.(*http.Transport)
	go func() {
		for range 50 {
			gate <- struct{}{}
		}
	}()
	all(50, func(int) {
		if got := fetch(t, tr, s.URL+"/b"); got != "hello /b" {
			t.Errorf("got %q", got)
		}
	})
	if n := s.conns.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	wantIdle(t, pool, 1)
}
