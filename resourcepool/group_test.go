package resourcepool

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestGroupServesNewestFirst(t *testing.T) {
	p := New(2, "")
	g := p.NewGroup("a", 0, func() AllocateReleaser { return &thing{} })
	a, err := g.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := g.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g.Put(a, a.Generation())
	g.Put(b, b.Generation())
	wantUsage(t, p, 0, 2, 0)
	if c := g.TryGet(); c != b {
		t.Fatal("not the newest")
	}
	g.Put(b, b.Generation())
	b.ReleaseGeneration(b.Generation())
	if c := g.TryGet(); c != a {
		t.Fatal("not the one that is left")
	}
	if c := g.TryGet(); c != nil {
		t.Fatal("a released one")
	}
}

// A member put while its group's Get dials serves that Get, and the dial is parked.
func TestPutServesAGetThatDials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(2, "")
		dialled := make(chan struct{})
		first := true
		g := p.NewGroup("a", 0, func() AllocateReleaser {
			f := &thing{}
			if !first {
				f.allocate = func() error { <-dialled; return nil }
			}
			first = false
			return f
		})
		a, err := g.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		x := startGroupGet(t.Context(), g)
		g.Put(a, a.Generation())
		synctest.Wait()
		if !x.done.Load() || x.r != a {
			t.Fatal("not served by the Put", x.done.Load(), x.err)
		}
		close(dialled)
		synctest.Wait()
		wantUsage(t, p, 1, 1, 0)
		if st := p.Stats(); st.Gets != 2 || st.Allocations != 2 || st.Reuses != 1 {
			t.Fatalf("%+v", st)
		}
	})
}

func TestAbandonedAllocationIsJoinedByTheNextGet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(8, "")
		dialled := make(chan struct{})
		made := 0
		g := p.NewGroup("a", 0, func() AllocateReleaser {
			made++
			return &thing{allocate: func() error { <-dialled; return nil }}
		})
		ctx, cancel := context.WithCancel(t.Context())
		x := startGroupGet(ctx, g)
		cancel()
		synctest.Wait()
		if !x.done.Load() || !errors.Is(x.err, context.Canceled) {
			t.Fatal(x.done.Load(), x.err)
		}
		y := startGroupGet(t.Context(), g)
		if made != 1 {
			t.Fatalf("%d allocations for one Get", made)
		}
		close(dialled)
		synctest.Wait()
		if !y.done.Load() || y.err != nil {
			t.Fatal(y.done.Load(), y.err)
		}
		wantUsage(t, p, 1, 0, 0)
	})
}

// With a cap on members, all who wait for the one allocation have its failure.
func TestFailureGoesToAllWhoWaitForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(8, "")
		g := p.NewGroup("a", 1, func() AllocateReleaser {
			return &thing{allocate: func() error { time.Sleep(time.Second); return errFake }}
		})
		var all []*groupGetter
		for range 20 {
			all = append(all, startGroupGet(t.Context(), g))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		for _, x := range all {
			if !x.done.Load() || x.err != errFake {
				t.Fatal(x.done.Load(), x.err)
			}
		}
		wantUsage(t, p, 0, 0, 0)
	})
}

// An address whose Allocate has been running for a second gets no more than its lane.
func TestOverdueGroupIsOnTheLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(16, "") // a lane of two
		end := make(chan struct{})
		var running atomic.Int64
		g := p.NewGroup("dead", 0, func() AllocateReleaser {
			return &thing{allocate: func() error { running.Add(1); <-end; return errFake }}
		})
		first := startGroupGet(t.Context(), g)
		time.Sleep(2 * time.Second)
		for range 5 {
			startGroupGet(t.Context(), g)
		}
		if running.Load() != 2 {
			t.Fatalf("%d run", running.Load())
		}
		close(end)
		synctest.Wait()
		if first.err != errFake || p.p.lane.count != 0 {
			t.Fatal(first.err, p.p.lane.count)
		}
	})
}

func TestGroupServesItsGetsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(2, ""), 1, 1)
		r := l.get(t)
		first, second, third := startGroupGet(t.Context(), l.Group), startGroupGet(t.Context(), l.Group), startGroupGet(t.Context(), l.Group)
		for _, x := range []*groupGetter{first, second, third} {
			x.wantWaiting(t)
			l.put(r)
			x.wantDone(t, nil)
			if x.r != r {
				t.Fatal("another member")
			}
		}
		l.put(r)
		l.wantQuiet(t, 1)
	})
}

// An idle member of a group that was evicted for another group's older waiter.
func TestPutServesTheOlderWaiterForItsSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		l, other := newLines(p, 1, 8), newLines(p, 0, 8)
		r := l.get(t)
		older := startGroupGet(t.Context(), other.Group)
		younger := startGroupGet(t.Context(), l.Group)
		l.put(r)
		older.wantDone(t, nil)
		younger.wantWaiting(t)
		other.put(older.r)
		younger.wantDone(t, nil)
		l.put(younger.r)
		wantUsage(t, p, 0, 1, 0)
	})
}
