package resourcepool

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func startAcquire(p *Pool, n uint) *call {
	return start(func() error { return p.Acquire(context.Background(), n) })
}

func TestAcquireTakesAllOrWaitsInItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(4, "")
		testkit.WantErr(t, "Acquire", p.Acquire(t.Context(), 3), nil)
		wantUsage(t, p, 3, 0, 0)
		testkit.WantErr(t, "Acquire of none", p.Acquire(t.Context(), 0), nil)
		x := startAcquire(p, 2)
		y := startAcquire(p, 1) // would fit, but came later
		z := startGet(p.Create(&thing{}))
		p.Free(1)
		x.wantDone(t, nil)
		y.wantWaiting(t)
		p.Free(1)
		y.wantDone(t, nil)
		z.wantWaiting(t)
		p.Free(4)
		z.wantDone(t, nil)
		wantUsage(t, p, 1, 0, 0)
	})
}

func TestAcquireEvictsAsManyAsItLacks(t *testing.T) {
	p := New(4, "")
	all := parked(t, p, 3, plainThing)
	testkit.WantErr(t, "Acquire", p.Acquire(t.Context(), 3), nil)
	wantUsage(t, p, 3, 1, 0)
	if st := p.Stats(); st.Evictions != 2 {
		t.Fatalf("%d evictions", st.Evictions)
	}
	p.Free(3)
	auditAtRest(t, p, all)
}

func TestAcquireTakesWhatIsPutWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(3, "")
		var held []*Resource
		for range 3 {
			r := hold(t, p)
			held = append(held, r)
		}
		x := startAcquire(p, 3)
		held[0].Put()
		_ = held[1].Release()
		x.wantWaiting(t)
		wantUsageWhileWaiting(t, p, 1, 1)
		held[2].Put()
		x.wantDone(t, nil)
		wantUsage(t, p, 3, 0, 0)
	})
}

// wantUsageWhileWaiting: what an Acquire that waits has so far is nobody's yet.
func wantUsageWhileWaiting(t *testing.T, p *Pool, inUse, waiting uint) {
	t.Helper()
	if st := p.Stats(); st.InUse != inUse || st.Idle+st.Releasing != 0 || st.Waiting != waiting {
		t.Fatalf("%+v", st)
	}
}

func TestCancelledAcquireGivesAllBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(3, "")
		hold(t, p)
		parked(t, p, 1, plainThing)
		ctx, cancel := context.WithCancelCause(t.Context())
		x := start(func() error { return p.Acquire(ctx, 3) })
		y := startGet(p.Create(&thing{}))
		y.wantWaiting(t)
		cancel(errWhy)
		wantWaitError(t, x.result(t), ErrorResourceLimitExceeded, context.Canceled, errWhy)
		y.wantDone(t, nil)
		if free := p.p.free.Free(); free != 1 {
			t.Fatalf("%d free", free)
		}
		wantUsage(t, p, 2, 0, 0)
	})
}

// An Acquire that was granted and then looks at its canceler must not keep it.
func TestCancelAfterTheLastSlotGivesAllBack(t *testing.T) {
	p := New(2, "")
	r := parked(t, p, 2, plainThing)
	w := &waiter{pool: &p.p, batch: newBatch(&p.p, 2), forSlot: true, ready: make(chan struct{}, 1)}
	p.p.waitLock.Lock()
	p.p.arrive(w)
	p.p.joinSlotQueue(w)
	p.p.waitLock.Unlock()
	if w.queue != nil {
		t.Fatal("not granted")
	}
	p.p.abandon(w)
	wantUsage(t, p, 0, 2, 0) // the victims had not been released
	auditAtRest(t, p, r)
}

func TestAcquireOfTooMuchFailsAtOnce(t *testing.T) {
	p := New(3, "")
	sub := p.Sub(8, "")
	testkit.WantErr(t, "Acquire", p.Acquire(t.Context(), 4), ErrorResourceLimitExceeded)
	testkit.WantErr(t, "Acquire in a sub-pool", sub.Acquire(t.Context(), 4), ErrorResourceLimitExceeded)
	testkit.WantErr(t, "Acquire", p.Acquire(t.Context(), ^uint(0)), ErrorResourceLimitExceeded)
	p.SetMax(2)
	testkit.WantErr(t, "Acquire after SetMax", p.Acquire(t.Context(), 3), ErrorResourceLimitExceeded)
	wantUsage(t, p, 0, 0, 0)
}

func TestTryAcquireEvictsAllOrNone(t *testing.T) {
	p := New(3, "")
	held := hold(t, p)
	idle := parked(t, p, 1, plainThing)
	if p.TryAcquire(3) {
		t.Fatal("acquired what is in use")
	}
	wantUsage(t, p, 1, 1, 0)
	if !p.TryAcquire(2) {
		t.Fatal("did not evict")
	}
	wantUsage(t, p, 3, 0, 0)
	held.Put()
	p.Free(2)
	auditAtRest(t, p, append(idle, held))
}

func TestFreeOfTooManyPanicsAndFreesNone(t *testing.T) {
	p := New(4, "")
	if !p.TryAcquire(2) {
		t.Fatal("no slots")
	}
	for _, n := range []uint{3, ^uint(0) >> 2, ^uint(0)/2 + 1, ^uint(0), ^uint(0) - 1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Free(%d) of 2 did not panic", n)
				}
			}()
			p.Free(n)
		}()
	}
	wantUsage(t, p, 2, 0, 0)
	p.Free(2)
	wantUsage(t, p, 0, 0, 0)
}

func TestPanicInTheReleaseOfAnAcquiresVictimFreesAll(t *testing.T) {
	for _, cancellable := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := New(3, "")
			ctx, cancel := context.Background(), func() {}
			if cancellable {
				ctx, cancel = context.WithCancel(ctx)
			}
			defer cancel()
			all := parked(t, p, 3, func() *thing {
				return &thing{release: func() error { panic("fake panic") }}
			})
			testkit.WantPanic(t, "fake panic", func() { p.Acquire(ctx, 3) })
			st := p.Stats()
			wantUsage(t, p, 0, st.Idle, 0)
			auditAtRest(t, p, all)
		})
	}
}

// The Acquire waited for a stranger's close whatever its context said.
func TestBlockedReleaseDoesNotHoldAnAcquire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(3, "")
		block := make(chan struct{})
		parked(t, p, 2, func() *thing { return &thing{release: func() error { <-block; return nil }} })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		x := start(func() error { return p.Acquire(ctx, 3) })
		time.Sleep(time.Second)
		wantWaitError(t, x.result(t), ErrorResourceLimitExceeded, context.DeadlineExceeded)
		if x.took != time.Second {
			t.Fatalf("took %v", x.took)
		}
		y := startAcquire(p, 3)
		y.wantWaiting(t)
		close(block)
		y.wantDone(t, nil)
		wantUsage(t, p, 3, 0, 0)
	})
}

// Each has what the other lacks: the classic deadlock. All go on until each has had something: a fixed
// time is too short on a machine with other work.
func TestUsersWhoAcquireInALoopNeverStandStill(t *testing.T) {
	p := New(4, "")
	sub := p.Sub(4, "")
	d := testkit.StressTime(t) / 2
	defer watchdog(p, d)()
	var served atomic.Int64 // users that have had something
	stress(t, d, 6, func(id int, over func() bool) {
		rng := rand.New(rand.NewPCG(3, uint64(id)))
		pool := p
		if id == 3 {
			pool = sub
		}
		r := pool.Create(&thing{})
		for first := true; !over() || served.Load() < 6; {
			if id >= 4 { // beside those who acquire
				if r.Get(nil) == nil {
					r.Put()
				}
			} else {
				n := 2 + rng.UintN(3)
				testkit.WantErr(t, "Acquire", pool.Acquire(context.Background(), n), nil)
				pool.Free(n)
			}
			if first {
				first = false
				served.Add(1)
			}
		}
	}, func(int) { time.Sleep(time.Millisecond) })
	wantUsage(t, p, 0, p.Stats().Idle, 0)
}
