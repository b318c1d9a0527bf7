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

func TestTraceTellsTheReasons(t *testing.T) {
	var mu sync.Mutex
	var events []string
	tell := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, fmt.Sprintf(format, args...))
	}
	fail := false
	p, n := fakePool(t, 1, func(p *Pool) {
		p.Trace = &Trace{
			WaitStart: func(_, a string) { tell("wait %s", a) },
			WaitDone:  func(_, a string, _ time.Duration, err error) { tell("waited %s %v", a, err) },
			DialStart: func(_, a string) { tell("dial %s", a) },
			DialDone:  func(_, a string, _ time.Duration, err error) { tell("dialled %s %v", a, err) },
			Reused:    func(_, a string) { tell("reused %s", a) },
			Closed:    func(_, a string, why CloseReason) { tell("closed %s: %v", a, why) },
		}
		p.Check = func(context.Context, net.Conn) error {
			if fail {
				return errFake
			}
			return nil
		}
	})
	want := func(what string, wanted ...string) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(events, wanted) {
			t.Fatalf("%s: %q\nwant %q", what, events, wanted)
		}
		events = nil
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
	events = nil
	p.CloseIdle("tcp", "x")
	want("CloseIdle", "closed x: user")
	get(t, p, "x").Put()
	events = nil
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
