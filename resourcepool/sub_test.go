package resourcepool

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestFullSubPoolEvictsItsOwn(t *testing.T) {
	p := New(8, "")
	sub := p.Sub(2, "")
	others := parked(t, p, 2, plainThing)
	parked(t, sub, 2, plainThing)
	hold(t, sub)
	wantUsage(t, sub, 1, 1, 0)
	wantUsage(t, p, 1, 3, 0) // with 4 slots free
	for _, r := range others {
		if !r.TryGet() {
			t.Fatal("one of the parent's was evicted")
		}
	}
}

func TestFullParentEvictsFromItsWholeTree(t *testing.T) {
	p := New(3, "")
	sub := p.Sub(3, "")
	parked(t, sub, 3, plainThing)
	hold(t, p)
	wantUsage(t, p, 1, 2, 0)
	wantUsage(t, sub, 0, 2, 0)
	for range 2 {
		hold(t, p)
	}
	wantUsage(t, p, 3, 0, 0)
	testkit.WantErr(t, "Get in the sub-pool", sub.Create(&thing{}).Get(MakeImmediateCanceler()), ErrorResourceLimitExceeded)
	wantUsage(t, sub, 0, 0, 0)
}

// What waits for leave of the sub-pool must cost the parent's Puts nothing.
func TestSubPoolsWaitersAreNotTheParents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(4, "")
		sub := p.Sub(1, "")
		held := hold(t, sub)
		x, y := startGet(sub.Create(&thing{})), startGet(sub.Create(&thing{}))
		if n, m := p.p.slotWaiters.Load(), sub.p.slotWaiters.Load(); n != 0 || m != 2 {
			t.Fatalf("%d wait in the parent, %d in the sub-pool", n, m)
		}
		mine := hold(t, p)
		mine.Put()
		x.wantWaiting(t) // a slot of the parent is no use
		held.Put()
		x.wantDone(t, nil)
		y.wantWaiting(t)
		_ = x.r.Release()
		y.wantDone(t, nil)
		wantUsage(t, p, 1, 1, 0)
	})
}

// Once admitted, a sub-pool's Get stands in the parent's line where it arrived.
func TestAdmittedGetsAreServedInOrderOfArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(2, "")
		sub := p.Sub(1, "")
		inner, outer := hold(t, sub), hold(t, p)
		first := startGet(sub.Create(&thing{}))
		second := startGet(p.Create(&thing{}))
		_ = inner.Release() // admits first, whose turn comes before that of second
		first.wantDone(t, nil)
		second.wantWaiting(t)
		outer.Put()
		second.wantDone(t, nil)
		wantUsage(t, p, 2, 0, 0)
		wantUsage(t, sub, 1, 0, 0)
	})
}

func TestParentsStatsIncludeItsSubPools(t *testing.T) {
	p := New(8, "")
	sub := p.Sub(4, "")
	below := sub.Sub(2, "")
	hold(t, p)
	hold(t, sub)
	parked(t, below, 1, plainThing)
	if !below.TryAcquire(1) {
		t.Fatal("no slot")
	}
	wantUsage(t, p, 3, 1, 0)
	wantUsage(t, sub, 2, 1, 0)
	wantUsage(t, below, 1, 1, 0)
	if st := p.Stats(); st.Gets != 3 || st.Allocations != 3 {
		t.Fatalf("%+v", st)
	}
}

func TestCancelOfAnAdmittedGetGivesBackItsLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		sub := p.Sub(1, "")
		held := hold(t, p)
		x := startGet(sub.Create(&thing{})) // has the sub-pool's slot, waits for the parent's
		y := startGet(sub.Create(&thing{}))
		close(x.cancel)
		x.wantDone(t, ErrorResourceLimitExceeded)
		held.Put()
		y.wantDone(t, nil)
		wantUsage(t, p, 1, 0, 0)
		wantUsage(t, sub, 1, 0, 0)
	})
}

func TestImmediateGetsOfASubPoolAreNotRefusedWithASlotEach(t *testing.T) {
	const users = 6
	p := New(users, "")
	sub := p.Sub(users/2, "")
	d := testkit.StressTime(t) / 2
	defer watchdog(p, d)()
	stress(t, d, users, func(id int, over func() bool) {
		pool := p
		if id%2 == 0 {
			pool = sub
		}
		own := []*Resource{pool.Create(&thing{}), pool.Create(&thing{}), pool.Create(&thing{})}
		for i := 0; !over(); i++ {
			r := own[i%len(own)]
			if err := r.Get(MakeImmediateCanceler()); err != nil {
				t.Errorf("user %d: %v", id, err)
				return
			}
			if i%5 == 0 {
				_ = r.Release()
			} else {
				r.Put()
			}
		}
	}, func(int) { time.Sleep(time.Millisecond) })
}

func TestClosingTheParentClosesItsSubPools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(2, "")
		sub := p.Sub(2, "")
		held := hold(t, sub)
		parked(t, sub, 1, plainThing)
		hold(t, sub) // evicts the parked one
		x := startGet(sub.Create(&thing{}))
		testkit.WantErr(t, "Close", p.Close(), nil)
		x.wantDone(t, ErrPoolClosed)
		testkit.WantErr(t, "Get", sub.Create(&thing{}).Get(nil), ErrPoolClosed)
		testkit.WantErr(t, "Get in a new sub-pool", p.Sub(1, "").Create(&thing{}).Get(nil), ErrPoolClosed)
		held.Put()
		wantSize(t, p, 1, 0)
	})
}

func TestClosedSubPoolLeavesItsParent(t *testing.T) {
	p := New(4, "")
	for range 10 {
		sub := p.Sub(2, "")
		r := hold(t, sub)
		parked(t, sub, 1, plainThing)
		testkit.WantErr(t, "Close", sub.Close(), nil)
		wantUsage(t, p, 1, 0, 0)
		r.Put()
		wantUsage(t, p, 0, 0, 0)
	}
	if n := len(p.p.tree.Load().pools); n != 1 {
		t.Fatalf("the parent knows %d pools", n)
	}
	parked(t, p, 4, plainThing)
	wantUsage(t, p, 0, 4, 0)
}

// A sub-pool that was made while its parent closed was left open, and its Gets
// waited for ever.
func TestSubPoolMadeDuringCloseIsClosed(t *testing.T) {
	for range 200 {
		p := New(2, "")
		made := make(chan *Pool, 1)
		go func() { made <- p.Sub(1, "") }()
		p.Close()
		sub := <-made
		done := make(chan error, 1)
		go func() { done <- sub.Create(&thing{}).Get(nil) }()
		select {
		case err := <-done:
			testkit.WantErr(t, "Get", err, ErrPoolClosed)
		case <-time.After(testkit.Patience):
			t.Fatal("waits for ever")
		}
	}
}

// 300 clients hold an inbound slot each while they wait for an outbound one. With
// one pool for both they take all 111, and nobody is answered.
func TestInboundSubPoolCannotStarveTheOutboundSide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients, slots, hold = 300, 111, time.Millisecond
		p := New(slots, "")
		inbound := p.Sub(slots*2/3, "inbound")
		backends := make([]*Resource, 50)
		for i := range backends {
			backends[i] = p.Create(&thing{})
		}
		var answered atomic.Int64
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for id := range clients {
			wg.Go(func() {
				for i := id; ctx.Err() == nil; i++ {
					if inbound.Acquire(ctx, 1) != nil {
						return
					}
					r := backends[i%len(backends)]
					if r.GetContext(ctx) == nil {
						time.Sleep(hold)
						r.Put()
						answered.Add(1)
					}
					inbound.Free(1)
				}
			})
		}
		wg.Wait()
		// 37 slots are always left for the outbound side.
		if want := int64(time.Second/hold) * (slots - slots*2/3) * 8 / 10; answered.Load() < want {
			t.Fatalf("%d answers in a second, want %d", answered.Load(), want)
		}
		wantUsage(t, p, 0, p.Stats().Idle, 0)
	})
}

// A stranger to the sub-pool evicts from it. Until that Release has ended it has the
// sub-pool's slot, and an immediate Get there waits for it rather than be refused.
func TestImmediateGetOfASubPoolWaitsForAStrangersEviction(t *testing.T) {
	for _, declined := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := New(2, "")
			sub := p.Sub(1, "")
			end := make(chan struct{})
			victim := sub.Create(&thing{release: func() error { <-end; return nil }})
			mustGet(t, victim)
			outer := hold(t, p)
			stranger := startGet(p.Create(&thing{}))
			victim.Put() // to the stranger
			x := startImmediateGet(sub.Create(&thing{}))
			x.wantWaiting(t)
			if declined {
				close(stranger.cancel)
				stranger.wantDone(t, ErrorResourceLimitExceeded)
				x.wantWaiting(t)
				close(end)
				x.wantDone(t, nil)
			} else {
				_ = outer.Release()
				x.wantWaiting(t)
				close(end)
				stranger.wantDone(t, nil)
				x.wantDone(t, nil)
			}
			if len(p.p.orphans.going) != 0 || p.p.loans.count.Load() != 0 {
				t.Fatal("a loan is left")
			}
		})
	}
}

// A sub-pool that did not count who waited when it was made counted one too few ever after.
func TestSubPoolMadeWhileOneWaitsServesTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		held := hold(t, p)
		x := startGet(p.Create(&thing{}))
		r := p.Sub(1, "").Create(&thing{})
		held.Put()
		x.wantDone(t, nil)
		x.r.Put()
		mustGet(t, r)
		y := startGet(p.Create(&thing{}))
		y.wantWaiting(t)
		r.Put()
		y.wantDone(t, nil)
	})
}
