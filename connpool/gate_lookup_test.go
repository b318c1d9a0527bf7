package connpool

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

// TestLookupIsClosedWithItsContext, not when package net's 5 seconds are over.
func TestLookupIsClosedWithItsContext(t *testing.T) {
	testkit.StartNameServer(t, func(string) testkit.Name { return testkit.Name{Silent: true} })
	g := newGate()
	w := &permit{n: 2}
	g.permits.enter(w)
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), permitKey{}, w))
	conn, err := g.resolver().Dial(ctx, "udp", "unused")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := conn.(net.PacketConn); !ok {
		t.Error("package net would take it for TCP")
	}
	if w.n != 1 || w.sockets != 1 {
		t.Errorf("%d permits and %d sockets, want 1 and 1", w.n, w.sockets)
	}
	cancel()
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v, want that it is closed", err)
	}
	testkit.Eventually(t, "it is not counted", func() bool {
		g.permits.lock.Lock()
		defer g.permits.lock.Unlock()
		return w.sockets == 0
	})
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	g.permits.end(w)
	wantUnused(t, &g.permits)
}

// TestResolverFollowsTheProgramsSettings, which may come after the first use.
func TestResolverFollowsTheProgramsSettings(t *testing.T) {
	g := newGate()
	before := g.resolver()
	if g.resolver() != before {
		t.Error("dials do not share their look-ups")
	}
	preferGo, dial := net.DefaultResolver.PreferGo, net.DefaultResolver.Dial
	defer func() { net.DefaultResolver.PreferGo, net.DefaultResolver.Dial = preferGo, dial }()
	net.DefaultResolver.PreferGo = !preferGo
	net.DefaultResolver.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, syscall.EMFILE }
	r := g.resolver()
	if r.PreferGo != !preferGo {
		t.Error("PreferGo is not the program's")
	}
	if _, err := r.Dial(t.Context(), "udp", "unused"); err != syscall.EMFILE {
		t.Errorf("%v, want the error of the program's Dial", err)
	}
	wantUnused(t, &g.permits)
}
