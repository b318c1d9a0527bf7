package resourcepool

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestAbandonedAllocationIsParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(2, ""), 0, 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		x := startGroupGet(ctx, l.Group)
		time.Sleep(time.Second)
		synctest.Wait()
		w := wantWaitError(t, x.err, context.DeadlineExceeded)
		if !w.Timeout() || errors.Is(w, ErrorResourceLimitExceeded) {
			t.Fatalf("%v", w)
		}
		if l.made[0].ctx.Err() != nil {
			t.Fatal("the one abandoned allocation was cancelled")
		}
		l.made[0].end <- nil
		l.wantQuiet(t, 1)
		if l.TryGet() == nil {
			t.Fatal("what came of it is lost")
		}
	})
}

func TestAtMostOneAllocationIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(8, ""), 0, 0)
		ctx, cancel := context.WithCancel(t.Context())
		for range 5 {
			startGroupGet(ctx, l.Group)
		}
		if len(l.made) != 5 {
			t.Fatalf("%d allocations for 5 Gets", len(l.made))
		}
		cancel()
		synctest.Wait()
		left := 0
		for _, m := range l.made {
			if m.ctx.Err() == nil {
				left++
			}
		}
		if left != 1 {
			t.Fatalf("%d go on", left)
		}
		x := startGroupGet(t.Context(), l.Group) // joins that one
		if len(l.made) != 5 {
			t.Fatal("one more allocation")
		}
		for _, m := range l.made {
			var err error
			if m.ctx.Err() != nil {
				err = errFake
			}
			m.end <- err
		}
		x.wantDone(t, nil)
		l.put(x.r)
		l.wantQuiet(t, 1)
	})
}

// A Get that gives up before its opening has a slot takes it along.
func TestOpeningWithoutASlotIsCalledOffWithItsGet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		held := hold(t, p)
		l := newLines(p, 0, 0)
		ctx, cancel := context.WithCancel(t.Context())
		x, y := startGroupGet(ctx, l.Group), startGroupGet(ctx, l.Group)
		if n := p.p.slotWaiters.Load(); n != 2 {
			t.Fatalf("%d wait for a slot", n)
		}
		cancel()
		synctest.Wait()
		wantWaitError(t, x.err, ErrorResourceLimitExceeded, context.Canceled)
		wantWaitError(t, y.err, ErrorResourceLimitExceeded)
		if n := p.p.slotWaiters.Load(); n != 0 {
			t.Fatalf("%d wait for a slot", n)
		}
		testkit.WantErr(t, "Release", held.Release(), nil)
		l.wantQuiet(t, 0)
	})
}

func TestPutCallsOffTheOpeningThatWaitsForASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(1, ""), 0, 1)
		r := l.get(t)
		x := startGroupGet(t.Context(), l.Group)
		l.put(r)
		x.wantDone(t, nil)
		l.put(x.r)
		l.wantQuiet(t, 1)
	})
}

func TestPanicInAnAllocationIsTheFirstGets(t *testing.T) {
	log := logged(t)
	synctest.Test(t, func(t *testing.T) {
		fail := make(chan struct{})
		p := New(2, "")
		g := p.NewGroup("g", 1, func() AllocateReleaser {
			return &thing{allocate: func() error { <-fail; panic("fake panic") }}
		})
		var raised any
		go func() {
			defer func() { raised = recover() }()
			g.Get(context.Background())
		}()
		synctest.Wait()
		second := startGroupGet(t.Context(), g)
		fail <- struct{}{}
		synctest.Wait()
		if raised != "fake panic" || !second.done.Load() || second.err == nil || second.r != nil {
			t.Fatalf("raised %v; second: %v", raised, second.err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		startGroupGet(ctx, g)
		cancel()
		synctest.Wait()
		if len(log.records) != 0 {
			t.Fatal("logged what was raised")
		}
		fail <- struct{}{} // nobody waits
		synctest.Wait()
		if len(log.records) != 1 {
			t.Fatalf("%d records", len(log.records))
		}
		(&lines{Group: g, p: p}).wantQuiet(t, 0)
	})
}

// A member that dies at once may be released before its opening's end is told. The room that this
// makes is for who waits at the cap.
func TestReleaseBeforeAnOpeningEndsLeavesRoomForWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(8, ""), 1, 8)
		o, err := l.g.beginOpen(t.Context())
		testkit.WantErr(t, "beginOpen", err, nil)
		r := &o.member.r
		r.admit()
		testkit.WantErr(t, "open", r.open(nil, nil, timedAllocator{o}), nil)
		x, y := startGroupGet(t.Context(), l.Group), startGroupGet(t.Context(), l.Group)
		x.wantWaiting(t)
		y.wantWaiting(t)
		testkit.WantErr(t, "Release", r.release(), nil)
		released := o.member.Generation()
		o.ended(nil, nil)
		x.wantDone(t, nil) // with what is released, as it might be a moment later
		y.wantDone(t, nil)
		l.Put(x.r, released)
		l.put(y.r)
		l.wantQuiet(t, 1)
	})
}

func TestPanicOfMakeTargetLeavesNoWaiter(t *testing.T) {
	p := New(2, "")
	first := true
	g := p.NewGroup("g", 0, func() AllocateReleaser {
		if first {
			first = false
			panic("fake panic")
		}
		return &thing{}
	})
	testkit.WantPanic(t, "fake panic", func() { g.Get(t.Context()) })
	l := &lines{Group: g, p: p}
	if g.g.waiting.Load() != 0 || g.g.live.Load() != 0 {
		t.Fatal("a Get is left in the queue, or a member counted")
	}
	l.put(l.get(t))
	wantUsage(t, p, 0, 1, 0)
}

func TestClosedPoolTakesWhatAnAbandonedAllocationMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(2, "")
		l := newLines(p, 0, 0)
		x := startGroupGet(t.Context(), l.Group)
		testkit.WantErr(t, "Close", p.Close(), nil)
		x.wantDone(t, ErrPoolClosed)
		l.made[0].end <- nil
		synctest.Wait()
		wantSize(t, p, 0, 0)
		if l.made[0].releases.Load() != 1 {
			t.Fatal("not released")
		}
	})
}
