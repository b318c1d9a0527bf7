package resourcepool

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// wantSize checks how many slots there are and were asked for.
func wantSize(t *testing.T, p *Pool, max, limit uint) {
	t.Helper()
	if st := p.Stats(); st.Max != max || st.Limit != limit {
		t.Fatalf("%d slots of %d asked for, want %d of %d", st.Max, st.Limit, max, limit)
	}
}

// parked makes n idle resources.
func parked(t *testing.T, p *Pool, n int, f func() *thing) (all []*Resource) {
	t.Helper()
	for range n {
		all = append(all, p.Create(f()))
		mustGet(t, all[len(all)-1])
	}
	for _, r := range all {
		r.Put()
	}
	return all
}

func plainThing() *thing { return &thing{} }

func TestPoolThatGrowsServesItsWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		held := hold(t, p)
		x, y, z := startGet(p.Create(&thing{})), startGet(p.Create(&thing{})), startGet(p.Create(&thing{}))
		p.SetMax(3)
		x.wantDone(t, nil)
		y.wantDone(t, nil)
		z.wantWaiting(t)
		wantSize(t, p, 3, 3)
		held.Put()
		z.wantDone(t, nil)
		wantUsage(t, p, 3, 0, 0)
	})
}

func TestPoolThatShrinksKeepsItsHolders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(4, "")
		a, b := hold(t, p), hold(t, p)
		idle := &thing{}
		parked(t, p, 1, func() *thing { return idle })
		p.SetMax(1)
		if idle.releases.Load() != 1 {
			t.Fatal("an idle resource kept its slot")
		}
		wantSize(t, p, 2, 1)
		x := startGet(p.Create(&thing{}))
		a.Put()
		wantSize(t, p, 1, 1)
		x.wantWaiting(t) // the slot of a was to go
		b.Put()
		x.wantDone(t, nil)
		wantUsage(t, p, 1, 0, 0)
		x.r.Put()
		wantUsage(t, p, 0, 1, 0) // at its size again a Put parks
	})
}

func TestDebtIsForgivenWhenThePoolGrowsAgain(t *testing.T) {
	p := New(4, "")
	var all []*Resource
	for range 4 {
		all = append(all, p.Create(&thing{}))
		mustGet(t, all[len(all)-1])
	}
	p.SetMax(1)
	wantSize(t, p, 4, 1)
	p.SetMax(3)
	wantSize(t, p, 4, 3)
	for _, r := range all {
		r.Put()
	}
	wantSize(t, p, 3, 3)
	wantUsage(t, p, 0, 3, 0)
	p.SetMax(6)
	wantSize(t, p, 6, 6)
	auditAtRest(t, p, all)
}

// A handed over resource would hide from the debt.
func TestDebtIsPaidBeforeAWaiterForTheResource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(2, "")
		a, b := hold(t, p), hold(t, p)
		x := startGet(a)
		p.SetMax(1)
		a.Put()
		wantSize(t, p, 1, 1)
		x.wantWaiting(t)
		b.Put()
		x.wantDone(t, nil)
		wantUsage(t, p, 1, 0, 0)
	})
}

func TestPoolWithoutSlotsHoldsItsWaitersUntilItGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(2, "")
		r := parked(t, p, 1, plainThing)[0]
		p.SetMax(0)
		wantSize(t, p, 0, 0)
		x := startGet(r)
		x.wantWaiting(t)
		p.SetMax(1)
		x.wantDone(t, nil)
	})
}

// Free slots were destroyed one by one, under the lock that all who wait need.
func TestHugePoolShrinksAtOnce(t *testing.T) {
	p := New(^uint(0), "")
	held := hold(t, p)
	p.SetMax(10)
	wantSize(t, p, 10, 10)
	wantUsage(t, p, 1, 0, 0)
	p.SetMax(^uint(0))
	p.SetMax(1)
	wantSize(t, p, 1, 1)
	held.Put()
	testkit.WantErr(t, "Close", p.Close(), nil)
	wantSize(t, p, 0, 0)
}

// The release of each resource led to that of the next, on one stack.
func TestShrinkOfManyIdleOnesDoesNotRecurse(t *testing.T) {
	const n = 20000
	p := New(n, "")
	deepest := 0
	parked(t, p, n, func() *thing {
		return &thing{release: func() error { deepest = max(deepest, stackDepth()); return nil }}
	})
	p.SetMax(0)
	if deepest > 64 {
		t.Fatalf("Release was called %d calls deep", deepest)
	}
	wantSize(t, p, 0, 0)
}

// The victims that had been chosen with the one that panicked were lost, with
// their slots.
func TestPanicInAReleaseDoesNotStopTheShrinking(t *testing.T) {
	p := New(200, "")
	var released atomic.Int64
	parked(t, p, 200, func() *thing {
		return &thing{release: func() error {
			if released.Add(1)%50 == 3 { // whoever is chosen
				panic("fake panic")
			}
			return nil
		}}
	})
	testkit.WantPanic(t, "fake panic", func() { p.SetMax(10) })
	if p.p.size.shedding != 0 {
		t.Fatalf("%d still being shed", p.p.size.shedding)
	}
	wantSize(t, p, 10, 10)
	wantUsage(t, p, 0, 10, 0)
	hold(t, p)
}

func TestShrinkRefusesTheAcquireThatNoLongerFits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(4, "")
		hold(t, p)
		x := start(func() error { return p.Acquire(context.Background(), 4) })
		y := startGet(p.Create(&thing{}))
		x.wantWaiting(t)
		y.wantWaiting(t) // behind it
		p.SetMax(3)
		x.wantDone(t, ErrorResourceLimitExceeded)
		y.wantDone(t, nil)
		wantUsage(t, p, 2, 0, 0)
	})
}

// The parent owes a slot; it is that of a sub-pool's resource.
func TestParentShrinksByWhatItsSubPoolsHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(4, "")
		sub := p.Sub(3, "")
		held := hold(t, sub)
		parked(t, sub, 2, plainThing)
		p.SetMax(1)
		wantSize(t, p, 1, 1)
		wantUsage(t, sub, 1, 0, 0)
		x := startGet(sub.Create(&thing{}))
		x.wantWaiting(t)
		p.SetMax(0)
		held.Put()
		wantSize(t, p, 0, 0)
		x.wantWaiting(t)
		p.SetMax(1)
		x.wantDone(t, nil)
		x.r.Put()
		wantUsage(t, p, 0, 1, 0)
	})
}

// A Put that comes while the debt of another is paid must not think that enough
// are being released.
func TestSetMaxUpAndDownBesideUsers(t *testing.T) {
	d := testkit.StressTime(t) / 2
	p := New(8, "")
	sub := p.Sub(5, "")
	stop := watchdog(p, d)
	defer stop()
	stress(t, d, 8, func(id int, over func() bool) {
		pool := p
		if id%2 == 1 {
			pool = sub
		}
		r := pool.Create(&thing{})
		for !over() {
			if id == 7 {
				if p.TryAcquire(2) {
					p.Free(2)
				}
				continue
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			if r.GetContext(ctx) == nil {
				r.Put()
			}
			cancel()
		}
	}, func(i int) {
		p.SetMax(uint(i % 9))
		sub.SetMax(uint(i % 6))
	})
	p.SetMax(8)
	sub.SetMax(5)
	wantSize(t, p, 8, 8)
	wantSize(t, sub, 5, 5)
	testkit.Eventually(t, "the releases that went on without their Get have ended", func() bool {
		return p.Stats().Releasing == 0
	})
	idle := p.Stats().Idle
	wantUsage(t, p, 0, idle, 0)
	wantUsage(t, sub, 0, sub.Stats().Idle, 0)
	if n := p.ReleaseIdle(100); n != idle {
		t.Errorf("%d released of %d idle", n, idle)
	}
	wantUsage(t, p, 0, 0, 0)
	wantUsage(t, sub, 0, 0, 0)
}

// While what is to go is still being released, others that are put stay.
func TestShrinkReleasesNoMoreThanItOwes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(3, "")
		end := make(chan struct{})
		a, b := p.Create(&thing{release: func() error { <-end; return nil }}), p.Create(&thing{})
		mustGet(t, a)
		mustGet(t, b)
		hold(t, p)
		p.SetMax(2)
		go a.Put()
		synctest.Wait()
		b.Put()
		if !b.TryGet() {
			t.Fatal("one more was released")
		}
		b.Put()
		close(end)
		synctest.Wait()
		wantUsage(t, p, 1, 1, 0)
		wantSize(t, p, 2, 2)
	})
}
