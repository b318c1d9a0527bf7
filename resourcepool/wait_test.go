package resourcepool

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestBusyResourceIsHandedOverInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &thing{}
		p := New(4, "")
		r := p.Create(f)
		mustGet(t, r)
		first, second := startGet(r), startGet(r)
		wantUsage(t, p, 1, 0, 2)
		r.Put()
		first.wantDone(t, nil)
		second.wantWaiting(t)
		r.Put()
		second.wantDone(t, nil)
		if f.allocations.Load() != 1 {
			t.Fatal("handed over with an Allocate")
		}
		wantUsage(t, p, 1, 0, 0)
	})
}

func TestSlotWaitersAreServedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		held := hold(t, p)
		waiters := make([]*getter, 5)
		for i := range waiters {
			waiters[i] = startGet(p.Create(&thing{}))
		}
		for _, g := range waiters {
			g.wantWaiting(t)
			held.Put()
			g.wantDone(t, nil)
			held = g.r
		}
		wantUsage(t, p, 1, 0, 0)
	})
}

func TestWaiterPaysForClosingTheVictim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finish := make(chan struct{})
		p := New(1, "")
		held := p.Create(&thing{release: func() error { <-finish; return nil }})
		mustGet(t, held)
		g := startGet(p.Create(&thing{}))
		held.Put() // returns although Release blocks
		g.wantWaiting(t)
		if st := p.Stats(); st.Releasing != 1 || st.InUse+st.Idle != 0 {
			t.Fatalf("%+v", st)
		}
		close(finish)
		g.wantDone(t, nil)
	})
}

func TestPutServesTheOlderOfTwoKindsOfWaiters(t *testing.T) {
	for _, slotFirst := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			p := New(1, "")
			r, other := p.Create(&thing{}), p.Create(&thing{})
			mustGet(t, r)
			order := []*Resource{other, r}
			if !slotFirst {
				slices.Reverse(order)
			}
			first, second := startGet(order[0]), startGet(order[1])
			r.Put()
			first.wantDone(t, nil)
			second.wantWaiting(t)
			first.r.Put()
			second.wantDone(t, nil)
			wantUsage(t, p, 1, 0, 0)
		})
	}
}

// A starved waiter shows as a hang, which the watchdog ends.
func TestTightLoopDoesNotStarveASlotWaiter(t *testing.T) {
	for _, users := range []int{1, 2, 4} {
		p := New(1, "")
		loop, other := p.Create(&thing{}), p.Create(&thing{})
		stop := watchdog(p, 0)
		var wg sync.WaitGroup
		var over atomic.Bool
		for range users {
			wg.Go(func() {
				for !over.Load() {
					if loop.Get(nil) == nil {
						loop.Put()
					}
				}
			})
		}
		for range 1000 {
			if err := other.Get(nil); err != nil {
				t.Error(err)
			}
			other.Put()
		}
		over.Store(true)
		wg.Wait()
		stop()
		wantUsage(t, p, 0, 1, 0)
	}
}

func TestWaitersOfAReleasedResourceKeepTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		r, other := p.Create(&thing{}), p.Create(&thing{})
		mustGet(t, r)
		older, younger := startGet(r), startGet(other)
		testkit.WantErr(t, "Release", r.Release(), nil)
		older.wantDone(t, nil)
		younger.wantWaiting(t)
		r.Put()
		younger.wantDone(t, nil)
	})
}

func TestAllocateErrorPassesTheSlotOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		held := hold(t, p)
		fails := startGet(p.Create(&thing{allocate: func() error { return errFake }}))
		next := startGet(p.Create(&thing{}))
		held.Put()
		fails.wantDone(t, errFake)
		next.wantDone(t, nil)
		wantUsage(t, p, 1, 0, 0)
	})
}

func TestCancelTakesOneMessageAndLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		r, other := p.Create(&thing{}), p.Create(&thing{})
		mustGet(t, r)
		same, slot, last := startGet(r), startGet(other), startGet(other)
		for _, g := range []*getter{same, slot} {
			select { // as callers cancel: the Get is parked in a receive
			case g.cancel <- struct{}{}:
			default:
				t.Fatal("a waiting Get does not receive from its cancel channel")
			}
		}
		same.wantDone(t, ErrorPutTimeout)
		slot.wantDone(t, ErrorResourceLimitExceeded)
		last.wantWaiting(t) // promoted: it waits for the slot now
		wantUsage(t, p, 1, 0, 1)
		r.Put()
		last.wantDone(t, nil)
		st := p.Stats()
		if st.Waits != 3 || st.CancelledWaits != 2 {
			t.Fatalf("%+v", st)
		}
	})
}

func TestPromotedWaiterIsCancelledForWantOfASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		r, other := p.Create(&thing{}), p.Create(&thing{})
		mustGet(t, r)
		first, second := startGet(other), startGet(other)
		close(second.cancel)
		second.wantDone(t, ErrorPutTimeout) // another Get has claimed it
		third := startGet(other)
		close(first.cancel)
		first.wantDone(t, ErrorResourceLimitExceeded)
		close(third.cancel)
		third.wantDone(t, ErrorResourceLimitExceeded)
		wantUsage(t, p, 1, 0, 0)
	})
}

func TestScheduleReleaseWithWaitersReallocates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &thing{}
		p := New(1, "")
		r := p.Create(f)
		mustGet(t, r)
		g := startGet(r)
		testkit.WantErr(t, "ScheduleRelease", r.ScheduleRelease(), nil)
		r.Put()
		g.wantDone(t, nil)
		if f.releases.Load() != 1 || f.allocations.Load() != 2 {
			t.Fatal("the waiter got what was to be released")
		}
		r.Put()
		wantUsage(t, p, 0, 1, 0)
	})
}

func TestQueueInsertKeepsTheOrderOfTickets(t *testing.T) {
	const start = ^uint64(0) - 3 // the tickets wrap on the way
	for _, arrivals := range [][]uint64{{0, 1, 2, 3, 4, 5, 6, 7}, {7, 6, 5, 4, 3, 2, 1, 0}, {3, 7, 0, 5, 1, 6, 2, 4}, {0, 7, 1, 6, 2, 5, 3, 4}, {7, 0, 6, 1, 5, 2, 4, 3}} {
		var q waiterQueue
		for _, a := range arrivals {
			q.insert(&waiter{ticket: start + a})
		}
		for i := range uint64(8) {
			w := q.oldest
			if w.ticket != start+i {
				t.Fatalf("arrivals %v: %d-th has ticket %d", arrivals, i, w.ticket-start)
			}
			q.remove(w)
			if w.queue != nil {
				t.Fatal("still queued")
			}
		}
		if q.oldest != nil {
			t.Fatal("not empty")
		}
	}
}

// A suspect passes the queues, and is served there before it waits: the message is for another Get.
func TestGetThatIsServedInTheQueueTakesNoMessage(t *testing.T) {
	p := New(8, "")
	fails := true
	r := p.Create(&thing{allocate: func() error {
		if fails {
			return errFake
		}
		return nil
	}})
	testkit.WantErr(t, "Get of a dead one", r.Get(nil), errFake)
	fails = false
	cancel := make(chan struct{}, 1)
	cancel <- struct{}{}
	testkit.WantErr(t, "Get", r.Get(cancel), nil)
	if len(cancel) != 1 {
		t.Fatal("the message is gone")
	}
	wantUsage(t, p, 1, 0, 0)
}
