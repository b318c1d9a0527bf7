package connpool

import (
	"context"
	"net"
	"slices"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestCheckReplacesWhatItTurnsDown(t *testing.T) {
	bad := map[int]bool{}
	var checked []int
	p, _ := fakePool(t, 4, func(p *Pool) {
		p.Check = func(ctx context.Context, c net.Conn) error {
			if ctx.Value(fakeKey{}) != "mine" {
				t.Error("not the context of the Get")
			}
			id := c.(*fakeConn).id
			checked = append(checked, id)
			if bad[id] {
				return errFake
			}
			return nil
		}
	})
	ctx := context.WithValue(patient(t), fakeKey{}, "mine")
	take := func() *Conn {
		t.Helper()
		c, err := p.Get(ctx, "tcp", "x:1")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	take().Put() // 1 is fresh: not checked
	take().Put()
	bad[1] = true
	c := take()
	if idOf(c) != 2 || c.Reused() {
		t.Fatalf("got %d, want a fresh one", idOf(c))
	}
	c.Put()
	if want := []int{1, 1}; !slices.Equal(checked, want) {
		t.Fatalf("checked %v, want %v", checked, want)
	}
	if n := p.Stats().Closed.Dead; n != 1 {
		t.Fatalf("%d closed as dead, want 1", n)
	}
}

func TestTryGetClosesWhatCheckTurnsDown(t *testing.T) {
	p, n := fakePool(t, 4, func(p *Pool) {
		p.Check = func(context.Context, net.Conn) error { return errFake }
	})
	a, b := get(t, p, "x:1"), get(t, p, "x:1")
	a.Put()
	b.Put()
	if _, ok := p.TryGet("tcp", "x:1"); ok {
		t.Fatal("got one")
	}
	if _, open := n.count(); open != 0 {
		t.Fatalf("%d are open", open)
	}
}

func TestPanicOfCheckLosesNothing(t *testing.T) {
	p, n := fakePool(t, 1, func(p *Pool) {
		p.Check = func(context.Context, net.Conn) error { panic("fake panic") }
	})
	get(t, p, "x:1").Put()
	testkit.WantPanic(t, "fake panic", func() { _, _ = p.Get(patient(t), "tcp", "x:1") })
	if _, open := n.count(); open != 0 {
		t.Fatalf("%d are open", open)
	}
	get(t, p, "x:1").Put()
	testkit.WantPanic(t, "fake panic", func() { p.TryGet("tcp", "x:1") })
	get(t, p, "y:1").Put()
}
