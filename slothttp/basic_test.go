package slothttp_test

import (
	"net/http"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestReuse(t *testing.T) {
	s := newServer(t, hello)
	tr, pool := newTransport(t, 4)
	for range 5 {
		if got := fetch(t, tr, s.URL+"/a"); got != "hello /a" {
			t.Fatalf("got %q", got)
		}
		wantIdle(t, pool, 1)
	}
	if n := s.conns.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// net/http gives a connection up whose answer comes 50 ms before its writer is heard of,
// as may be on a machine with much else to do. So there may be a few more.
func TestBodylessAnswersPark(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	tr, pool := newTransport(t, 4)
	const requests = 300
	for range requests {
		fetch(t, tr, s.URL)
	}
	testkit.Eventually(t, "none is in use", func() bool { return pool.Stats().InUse == 0 })
	if n := s.conns.Load(); n > requests/10 {
		t.Errorf("%d connections for %d requests", n, requests)
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
