package connpool

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// events are what a Trace was told.
type events struct {
	mu  sync.Mutex
	all []string
}

func (e *events) tell(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, fmt.Sprintf(format, args...))
}

// take returns the events since the last time.
func (e *events) take() (all []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	all, e.all = e.all, nil
	return all
}

func (e *events) trace() *Trace {
	return &Trace{
		WaitStart: func(_, a string) { e.tell("wait %s", a) },
		WaitDone:  func(_, a string, _ time.Duration, err error) { e.tell("waited %s %v", a, err) },
		DialStart: func(_, a string) { e.tell("dial %s", a) },
		DialDone:  func(_, a string, _ time.Duration, err error) { e.tell("dialled %s %v", a, err) },
		Reused:    func(_, a string) { e.tell("reused %s", a) },
		Closed:    func(_, a string, why CloseReason) { e.tell("closed %s: %v", a, why) },
	}
}

func TestTraceTellsTheReasons(t *testing.T) {
	var told events
	fail := false
	p, n := fakePool(t, 1, func(p *Pool) {
		p.Trace = told.trace()
		p.Check = func(context.Context, net.Conn) error {
			if fail {
				return errFake
			}
			return nil
		}
	})
	want := func(what string, wanted ...string) {
		t.Helper()
		if got := told.take(); !slices.Equal(got, wanted) {
			t.Fatalf("%s: %q\nwant %q", what, got, wanted)
		}
	}
	get(t, p, "x").Put()
	want("a dial", "wait x", "dial x", "dialled x <nil>", "waited x <nil>")
	get(t, p, "x").Put()
	want("a reuse", "reused x")
	get(t, p, "y").Put()
	want("an eviction", "wait y", "closed x: evicted", "dial y", "dialled y <nil>", "waited y <nil>")
	fail = true
	get(t, p, "y").Put()
	fail = false
	want("a dead one", "wait y", "closed y: dead on look", "dial y", "dialled y <nil>", "waited y <nil>")
	_ = get(t, p, "y").Close()
	want("a user", "reused y", "closed y: user")
	n.on = func(context.Context, string) error { return errFake }
	_, _ = p.Get(patient(t), "tcp", "z")
	n.on = nil
	want("a failure", "wait z", "dial z", "dialled z fake error", "waited z "+errFake.Error())
	get(t, p, "x").Put()
	told.take()
	p.CloseIdle("tcp", "x")
	want("CloseIdle", "closed x: user")
	get(t, p, "x").Put()
	told.take()
	_ = p.Shutdown(patient(t))
	want("Shutdown", "closed x: shutdown")
}

func TestCloseReasonNames(t *testing.T) {
	seen := map[string]bool{}
	for r := range CloseReason(closeReasons + 1) {
		seen[r.String()] = true
	}
	if len(seen) != closeReasons || !seen["closed by peer"] || CloseReason(200).String() != "unknown" {
		t.Fatalf("%v", seen)
	}
}
