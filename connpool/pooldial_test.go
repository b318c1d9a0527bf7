package connpool

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestPoolGivenUpDialServesTheNext(t *testing.T) {
	p, n := fakePool(t, 8, nil)
	dialing, goOn := make(chan context.Context, 8), make(chan bool)
	n.on = func(ctx context.Context, _ string) error {
		dialing <- ctx
		<-goOn
		return ctx.Err()
	}
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), fakeKey{}, "kept"))
	failed := make(chan error)
	go func() { _, err := p.Get(ctx, "tcp", "x:1"); failed <- err }()
	dialCtx := <-dialing
	cancel()
	wantIs(t, "the one that gave up", <-failed, context.Canceled)
	if dialCtx.Err() != nil || dialCtx.Value(fakeKey{}) != "kept" {
		t.Fatalf("the dial's context: %v, value %v", dialCtx.Err(), dialCtx.Value(fakeKey{}))
	}
	if _, ok := dialCtx.Deadline(); !ok {
		t.Error("the dial has no time-out")
	}
	got := make(chan *Conn)
	go func() { got <- get(t, p, "x:1") }()
	testkit.Eventually(t, "a Get that waits for the dial", func() bool {
		h := p.body.p.Load().hosts.find(hashOf("tcp", "x:1"), "tcp", "x:1")
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.gets) == 1
	})
	close(goOn)
	c := <-got
	if idOf(c) != 1 || c.Reused() {
		t.Fatalf("got %d, want that of the first dial", idOf(c))
	}
	c.Put()
}

type fakeKey struct{}

func TestPoolPanicOfDialFuncIsRaisedInGet(t *testing.T) {
	p, n := fakePool(t, 1, nil)
	n.on = func(context.Context, string) error { panic("fake panic") }
	for range 3 {
		testkit.WantPanic(t, "fake panic", func() { _, _ = p.Get(patient(t), "tcp", "x:1") })
		testkit.WantPanic(t, "fake panic", func() { _, _ = p.DialContext(patient(t), "tcp", "x:1") })
		testkit.WantPanic(t, "fake panic", func() { _ = p.Warm(patient(t), "tcp", "x:1", 1) })
	}
}

func TestPoolDialFuncThatReturnsNothing(t *testing.T) {
	p, _ := fakePool(t, 1, func(p *Pool) {
		p.DialFunc = func(context.Context, string, string) (net.Conn, error) { return (*net.TCPConn)(nil), nil }
	})
	_, err := p.Get(patient(t), "tcp", "x:1")
	if err == nil || !strings.Contains(err.Error(), "neither a connection nor an error") {
		t.Fatal(err)
	}
}
