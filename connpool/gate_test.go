package connpool

import (
	"context"
	"errors"
	"net"
	"runtime"
	"testing"

	"github.com/slotpool/slotpool/internal/sysnet"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

func TestNamesAreWhatNeedsALookup(t *testing.T) {
	for _, c := range []struct{ network, address, want string }{
		{"tcp", "127.0.0.1:80", ""},
		{"tcp", "[::1]:80", ""},
		{"tcp6", "[fe80::1%eth0]:80", ""},
		{"tcp", ":80", ""},
		{"tcp", "example.test:80", "example.test"},
		{"tcp4", "localhost:http", "localhost"},
		{"udp", "a:1", "a"},
		{"tcp", "1.2.3:80", "1.2.3"},
		{"tcp", "no port", ""},
		{"unix", "/run/a:1", ""},
		{"ip:icmp", "a", ""},
		{"", "a:1", ""},
	} {
		if got := nameIn(c.network, c.address); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.network, c.address, got, c.want)
		}
	}
}

// fullGate is one with all permits in use until the test calls free.
func fullGate(t *testing.T) (g *gate, free func()) {
	t.Helper()
	g = newGate()
	limit, err := sysnet.FDLimit()
	if err != nil {
		limit = unknownLimit
	}
	g.permits.setTotal(permitsFor(limit))
	w := &permit{n: permitsFor(limit)}
	if !g.permits.enter(w) {
		t.Fatal("there are not as many permits as there should be")
	}
	return g, func() { g.permits.end(w) }
}

// startDial begins a dial by name that fails with errFake once it has its permit.
func startDial(g *gate, cancel <-chan struct{}) (done chan error) {
	done = make(chan error)
	go func() {
		_, err := g.dial(context.Background(), "tcp", "a:1", dialNothing, dialOptions{cancel: cancel, verbatim: true})
		done <- err
	}()
	return done
}

func dialNothing(context.Context, string, string) (net.Conn, error) { return nil, errFake }

// TestDialByAddressNeedsNoPermit.
func TestDialByAddressNeedsNoPermit(t *testing.T) {
	g, free := fullGate(t)
	for _, address := range []string{"127.0.0.1:1", "[::1]:1"} {
		_, err := g.dial(t.Context(), "tcp", address, dialNothing, dialOptions{verbatim: true})
		testkit.WantErr(t, "a dial of "+address, err, errFake)
	}
	free()
	wantUnused(t, &g.permits)
}

// TestImmediateGetWaitsForItsPermit, and leaves the message where it is.
func TestImmediateGetWaitsForItsPermit(t *testing.T) {
	closed := make(chan struct{})
	close(closed)
	for name, cancel := range map[string]<-chan struct{}{"message": now(), "closed": closed, "none": nil} {
		g, free := fullGate(t)
		done := startDial(g, cancel)
		testkit.Eventually(t, "it waits", func() bool {
			g.permits.lock.Lock()
			defer g.permits.lock.Unlock()
			return g.permits.lent == 1
		})
		free()
		testkit.WantErr(t, name, <-done, errFake)
		if name == "message" && len(cancel) != 1 {
			t.Error("the message was taken")
		}
		wantUnused(t, &g.permits)
	}
}

// TestCancelOfAGetThatWaitsForItsPermit by the ways that callers have.
func TestCancelOfAGetThatWaitsForItsPermit(t *testing.T) {
	for name, send := range map[string]func(chan struct{}){
		"close": func(c chan struct{}) { close(c) },
		"send": func(c chan struct{}) { // as callers do, who know that it waits
			for {
				select {
				case c <- struct{}{}:
					return
				default:
					runtime.Gosched()
				}
			}
		},
	} {
		g, free := fullGate(t)
		cancel := make(chan struct{})
		done := startDial(g, cancel)
		testkit.Eventually(t, "it waits", func() bool {
			g.permits.lock.Lock()
			defer g.permits.lock.Unlock()
			return g.permits.patient.Len() == 1
		})
		send(cancel)
		testkit.WantErr(t, name, <-done, resourcepool.ErrorResourceLimitExceeded)
		free()
		wantUnused(t, &g.permits)
	}
}

// TestContextEndsTheWaitForAPermit, and is in the error.
func TestContextEndsTheWaitForAPermit(t *testing.T) {
	g, free := fullGate(t)
	cause := errors.New("the cause")
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error)
	go func() {
		_, err := g.dial(ctx, "tcp", "a:1", dialNothing, dialOptions{})
		done <- err
	}()
	cancel(cause)
	err := <-done
	for _, want := range []error{resourcepool.ErrorResourceLimitExceeded, context.Canceled, cause} {
		if !errors.Is(err, want) {
			t.Errorf("%v is not %v", err, want)
		}
	}
	free()
	wantUnused(t, &g.permits)
}

// TestDialThatEndsByPanicGivesItsPermitsBack, or by Goexit.
func TestDialThatEndsByPanicGivesItsPermitsBack(t *testing.T) {
	g := newGate()
	testkit.WantPanic(t, "fake panic", func() {
		_, _ = g.dial(t.Context(), "tcp", "a:1", func(context.Context, string, string) (net.Conn, error) {
			panic("fake panic")
		}, dialOptions{})
	})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = g.dial(t.Context(), "tcp", "a:1", func(context.Context, string, string) (net.Conn, error) {
			return exitingDial("", "")
		}, dialOptions{})
	}()
	<-ended
	wantUnused(t, &g.permits)
	if n := g.flying.Load(); n != 0 {
		t.Errorf("%d dials in flight", n)
	}
}
