package resourcepool

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func (l *lines) wantOpen(t *testing.T, what string, opened bool, err error) {
	t.Helper()
	if got, gotErr := l.Open(t.Context()); got != opened || gotErr != err {
		t.Fatalf("%s: opened %v, %v; want %v, %v", what, got, gotErr, opened, err)
	}
}

func TestOpenUsesFreeSlotsAlone(t *testing.T) {
	p := New(3, "")
	l := newLines(p, 0, 8)
	idle := parked(t, p, 1, plainThing)[0]
	l.wantOpen(t, "first", true, nil)
	l.wantOpen(t, "second", true, nil)
	l.wantOpen(t, "no free slot", false, nil)
	wantUsage(t, p, 0, 3, 0)
	if st := p.Stats(); st.Evictions != 0 || st.Gets != 1 || st.Reuses != 0 || st.Allocations != 3 {
		t.Fatalf("%+v", st)
	}
	mustGet(t, idle) // was not evicted
	a, b := l.TryGet(), l.TryGet()
	if a == nil || b == nil || l.TryGet() != nil {
		t.Fatal("not both parked")
	}
	if st := p.Stats(); st.Reuses != 1+2 {
		t.Fatalf("%d reuses", st.Reuses)
	}
}

func TestOpenKeepsToTheLimitOfTheGroup(t *testing.T) {
	p := New(8, "")
	l := newLines(p, 1, 8)
	held := l.get(t)
	l.wantOpen(t, "at the cap", false, nil)
	l.put(held)
	l.wantOpen(t, "at the cap, idle", false, nil)
	wantUsage(t, p, 0, 1, 0)
}

// A slot in a sub-pool is no slot if there is none above.
func TestOpenInAFullParentGivesBackItsLeave(t *testing.T) {
	p := New(1, "")
	sub := p.Sub(1, "")
	l := newLines(sub, 0, 8)
	held := hold(t, p)
	l.wantOpen(t, "full", false, nil)
	wantUsage(t, sub, 0, 0, 0)
	testkit.WantErr(t, "Release", held.Release(), nil)
	l.wantOpen(t, "free", true, nil)
}

func TestOpenServesTheGetThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(8, ""), 1, 0)
		opening := start(func() error { _, err := l.Open(context.Background()); return err })
		opening.wantWaiting(t)
		x := startGroupGet(t.Context(), l.Group) // at the cap
		x.wantWaiting(t)
		l.made[0].end <- nil
		opening.wantDone(t, nil)
		x.wantDone(t, nil)
		l.put(x.r)
		l.wantQuiet(t, 1)
	})
}

// A Get must not have the error of a context that is not its own.
func TestOpenThatFailsLeavesTheGetThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(8, ""), 1, 0)
		ctx, cancel := context.WithCancel(t.Context())
		opening := start(func() error { _, err := l.Open(ctx); return err })
		opening.wantWaiting(t)
		x := startGroupGet(t.Context(), l.Group)
		cancel()
		if l.made[0].ctx.Err() == nil {
			t.Fatal("the context did not reach the allocation")
		}
		l.made[0].end <- errFake
		opening.wantDone(t, errFake)
		x.wantWaiting(t)
		l.made[0].end <- nil // of its own opening
		x.wantDone(t, nil)
		l.put(x.r)
		l.wantQuiet(t, 1)
	})
}

func TestOpenFails(t *testing.T) {
	p := New(16, "")
	fail := func() error { return errFake }
	l := &lines{p: p, Group: p.NewGroup("g", 0, func() AllocateReleaser { return &thing{allocate: func() error { return fail() }} })}
	l.wantOpen(t, "fails", false, errFake)
	l.wantOpen(t, "in the lane", false, errFake)
	fail = func() error { panic("fake panic") }
	testkit.WantPanic(t, "fake panic", func() { l.Open(t.Context()) })
	fail = func() error { return nil }
	l.wantOpen(t, "after all", true, nil)
	if p.p.lane.count != 0 {
		t.Fatal("left in the lane")
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.Open(over)
	wantWaitError(t, err, context.Canceled, ErrorResourceLimitExceeded)
	wantUsage(t, p, 0, 1, 0)
	testkit.WantErr(t, "Close", p.Close(), nil)
	l.wantOpen(t, "closed", false, ErrPoolClosed)
	wantSize(t, p, 0, 0)
}

// A slot that has just been freed is for who waits, also before these have been looked for.
func TestOpenDoesNotOvertakeWhoWaitsForASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		l := newLines(p, 0, 8)
		p.p.tryFree(0) // somebody has it
		r := p.Create(&thing{})
		x := start(func() error { return r.Get(nil) })
		x.wantWaiting(t)
		p.p.countFree(0, nil)
		l.wantOpen(t, "while somebody waits", false, nil)
		p.p.waitLock.Lock()
		p.p.match()
		p.p.waitLock.Unlock()
		x.wantDone(t, nil)
		wantUsage(t, p, 1, 0, 0)
	})
}

func TestOpenDoesNotOvertakeTheLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(8, ""), 0, 0) // a lane of one
		go l.Open(context.Background())
		time.Sleep(2 * overdue)
		l.wantOpen(t, "beside one that is overdue", false, nil)
		l.made[0].end <- nil
		synctest.Wait()
		l.made[0].end = nil
		l.wantQuiet(t, 1)
	})
}

// The second Open of a group whose last allocation failed began beside the first, in a lane of one.
func TestOpenOfASuspectIsInTheLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(8, ""), 0, 0)
		first := start(func() error { _, err := l.Open(context.Background()); return err })
		first.wantWaiting(t)
		l.made[0].end <- errFake
		first.wantDone(t, errFake)
		again := start(func() error { _, err := l.Open(context.Background()); return err })
		again.wantWaiting(t)
		beside := start(func() error { _, err := l.Open(context.Background()); return err })
		synctest.Wait()
		if len(l.made) != 1 {
			t.Error("opened beside it")
			l.made[1].end <- nil
		}
		beside.wantDone(t, nil)
		l.made[0].end <- nil
		again.wantDone(t, nil)
		l.wantQuiet(t, 1)
	})
}

// Openings race with Gets of another group for the last slots.
func TestOpenBesideGetsNeverEvictsNorWaits(t *testing.T) {
	p := New(4, "")
	defer watchdog(p, testkit.StressTime(t))()
	l, others := newStressLines(p), newStressLines(p)
	stress(t, testkit.StressTime(t), 4, func(id int, over func() bool) {
		for !over() {
			if id%2 == 0 {
				if _, err := l.Open(context.Background()); err != nil {
					t.Error(err)
				}
				if m := l.TryGet(); m != nil {
					_ = m.Release()
				}
				continue
			}
			m, err := others.Get(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			_ = m.Release()
		}
	}, func(int) {})
	wantUsage(t, p, 0, p.Stats().Idle, 0)
	if st := p.Stats(); st.Evictions > st.Allocations || st.Max != 4 {
		t.Fatalf("%+v", st)
	}
}

func newStressLines(p *Pool) *Group {
	return p.NewGroup("g", 0, func() AllocateReleaser { return &thing{} })
}

// The pool's Close left the allocation running for which nobody waited.
func TestCloseCancelsAllocations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(4, "")
		l := newLines(p, 0, 0)
		ctx, cancel := context.WithCancel(t.Context())
		startGroupGet(ctx, l.Group)
		cancel() // abandons it
		synctest.Wait()
		sub := p.Sub(2, "")
		below, above := newLines(sub, 0, 0), newLines(New(1, ""), 0, 0)
		x, y := startGroupGet(t.Context(), below.Group), startGroupGet(t.Context(), above.Group)
		testkit.WantErr(t, "Close", p.Close(), nil)
		x.wantDone(t, ErrPoolClosed)
		if l.made[0].ctx.Err() == nil || below.made[0].ctx.Err() == nil {
			t.Fatal("goes on")
		}
		if above.made[0].ctx.Err() != nil {
			t.Fatal("that of another pool is cancelled")
		}
		for _, one := range []*lines{l, below, above} {
			one.made[0].end <- nil
		}
		y.wantDone(t, nil)
		wantSize(t, p, 0, 0)
		if n := len(p.p.allocating) + len(above.p.p.allocating); n != 0 {
			t.Fatalf("%d are still known", n)
		}
	})
}
