package slothttp_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

// The one who dials for all gives up: the others go on.
func TestLeaderGivesUp(t *testing.T) {
	s := newSecure(t, hello)
	tr, pool := newTransport(t, 4)
	tr.Base = s.Client().Transport.(*http.Transport).Clone()
	dialling, proceed := holdDials(tr.Base)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := get(ctx, tr, s.URL)
		first <- err
	}()
	<-dialling
	others := make(chan error)
	for range 5 {
		go func() {
			_, err := get(t.Context(), tr, s.URL)
			others <- err
		}()
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	close(proceed)
	for range 5 {
		if err := <-others; err != nil {
			t.Error(err)
		}
	}
	testkit.Eventually(t, "none is in use", func() bool { return pool.Stats().InUse == 0 })
	if n := s.conns.Load(); n > 2 {
		t.Errorf("%d connections, want at most 2", n)
	}
}

// A dial that fails fails for all who wait for it, and a panic in it is the
// leader's.
func TestFailureOfSharedDial(t *testing.T) {
	tr, _ := newTransport(t, 4)
	tr.Base.ForceAttemptHTTP2 = true
	var dials atomic.Int32
	proceed := make(chan struct{})
	tr.Base.DialContext = func(context.Context, string, string) (net.Conn, error) {
		dials.Add(1)
		<-proceed
		return nil, errBroken
	}
	errs := make(chan error)
	for range 5 {
		go func() {
			_, err := get(t.Context(), tr, "https://127.0.0.1:1")
			errs <- err
		}()
	}
	testkit.Eventually(t, "a dial", func() bool { return dials.Load() > 0 })
	close(proceed)
	for range 5 {
		if err := <-errs; !errors.Is(err, errBroken) {
			t.Errorf("error %v", err)
		}
	}
}

func TestPanicInDial(t *testing.T) {
	tr, pool := newTransport(t, 1)
	tr.Base.ForceAttemptHTTP2 = true
	tr.Base.DialContext = func(context.Context, string, string) (net.Conn, error) { panic("dial") }
	for _, u := range []string{"http://127.0.0.1:1", "https://127.0.0.1:1"} {
		for range 2 {
			testkit.WantPanic(t, "dial", func() { _, _ = get(t.Context(), tr, u) })
		}
	}
	wantIdle(t, pool, 0)
}
