package resourcepool

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// haveSomeOfAll has one of a pool's resources gotten, refused, renewed and lost, slowly.
func haveSomeOfAll(t *testing.T, p *Pool) {
	r := p.Create(&thing{allocate: func() error { time.Sleep(time.Second); return nil }})
	for range 3 {
		mustGet(t, r)
		testkit.WantErr(t, "Get of what is in use", r.Get(MakeImmediateCanceler()), ErrorPutTimeout)
		r.Put()
	}
	mustGet(t, r)
	testkit.WantErr(t, "Renew", r.Renew(&thing{allocate: func() error { return errFake }}), errFake)
}

// Each pool above has to keep what a sub-pool had counted that has gone.
func TestTotalsStayWhenASubPoolIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(4, "")
		sub := p.Sub(3, "")
		below := sub.Sub(2, "")
		for _, q := range []*Pool{p, sub, below} {
			haveSomeOfAll(t, q)
		}
		want, wantTimes := p.Stats(), p.Times()
		if want.Gets != 9 || want.Allocations != 3 || want.AllocationErrors != 3 || want.DeadOnCheck != 3 ||
			want.CancelledWaits != 9 || wantTimes.Allocate.Count() != 3 || wantTimes.ResourceWait.Count() != 9 {
			t.Fatalf("%+v\n%+v", want, wantTimes)
		}
		inner := sub.Stats()
		for _, q := range []*Pool{below, sub} {
			own := q.Stats()
			_ = q.Close()
			if n := len(p.p.tree.Load().pools); n > 2 {
				t.Fatalf("%d pools are in the tree", n)
			}
			if got := p.Stats(); got != want {
				t.Errorf("%+v\nwant %+v", got, want)
			}
			if got := p.Times(); got != wantTimes {
				t.Errorf("%+v\nwant %+v", got, wantTimes)
			}
			own.Max, own.Limit = 0, 0
			if got := q.Stats(); got != own {
				t.Errorf("that of the closed pool is %+v\nwant %+v", got, own)
			}
		}
		inner.Max, inner.Limit = 0, 0
		if got := sub.Stats(); got != inner {
			t.Errorf("that of the pool between is %+v\nwant %+v", got, inner)
		}
	})
}

// Who waited when the sub-pool was closed counts itself when the pool has left.
func TestWaitsThatASubPoolsCloseEndsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const waiters = 5
		p := New(1, "")
		sub := p.Sub(1, "")
		hold(t, p)
		var gets []*getter
		for range waiters {
			gets = append(gets, startGet(sub.Create(&thing{})))
		}
		_ = sub.Close()
		for _, g := range gets {
			g.wantDone(t, ErrPoolClosed)
		}
		testkit.WantErr(t, "Get of a closed pool", sub.Create(&thing{}).Get(nil), ErrPoolClosed)
		st, times := p.Stats(), p.Times()
		if st.Waits != waiters+1 || st.CancelledWaits != waiters+1 || times.SlotWait.Count() != waiters+1 {
			t.Errorf("%d waits, %d cancelled, %d timed, want %d", st.Waits, st.CancelledWaits, times.SlotWait.Count(), waiters+1)
		}
	})
}

// useSubPools makes two sub-pools, one in the other, and closes them after some Gets, which it
// counts with their allocations.
func useSubPools(p *Pool, gets, allocations *atomic.Uint64) {
	sub := p.Sub(2, "")
	inner := sub.Sub(1, "")
	for _, q := range []*Pool{sub, inner} {
		r := q.Create(&thing{})
		for range 20 {
			if r.Get(nil) == nil {
				gets.Add(1)
				r.Put()
			}
		}
		allocations.Add(uint64(r.Generation()))
	}
	_ = sub.Close()
}

// While sub-pools come and go no reader may count one twice, or miss it.
func TestTotalsNeverGoBackWhileSubPoolsComeAndGo(t *testing.T) {
	p := New(8, "")
	var gets, allocations atomic.Uint64
	var users sync.WaitGroup
	over := make(chan struct{})
	for range 4 {
		users.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				useSubPools(p, &gets, &allocations)
			}
		})
	}
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			before, times := p.Stats(), p.Times()
			for deadline := time.Now().Add(testkit.StressTime(t) / 4); time.Now().Before(deadline) && !t.Failed(); {
				now, nowTimes := p.Stats(), p.Times()
				wantGrown(t, before, now, times, nowTimes)
				before, times = now, nowTimes
				runtime.Gosched()
			}
		})
	}
	readers.Wait()
	close(over)
	users.Wait()
	st, times := p.Stats(), p.Times()
	if st.Gets != gets.Load() || st.Allocations != allocations.Load() || st.Reuses != gets.Load()-allocations.Load() {
		t.Errorf("%+v\nwant %d gets and %d allocations", st, gets.Load(), allocations.Load())
	}
	if n := len(p.p.tree.Load().pools); n != 1 || times.Allocate.Count() > allocations.Load() {
		t.Errorf("%d pools are left, %d allocations were timed", n, times.Allocate.Count())
	}
}

// wantGrown is for goroutines beside that of the test.
func wantGrown(t *testing.T, before, now Stats, times, nowTimes Times) {
	b, n := before.totals(), now.totals()
	for i := range b {
		if *n[i] < *b[i] {
			t.Errorf("%+v\nafter %+v", now, before)
			return
		}
	}
	x, y := times.all(), nowTimes.all()
	for i := range x {
		if y[i].Sum < x[i].Sum || y[i].Count() < x[i].Count() {
			t.Errorf("histogram %d:\n%+v\nafter\n%+v", i, *y[i], *x[i])
		}
	}
}

// Slots that go from one pool's resources to those of another, or from resources to
// Acquires and back, are counted once at any moment.
func TestTreesStatsAreOfOneMoment(t *testing.T) {
	const slots = 6
	p := New(slots, "")
	subs := []*Pool{p, p.Sub(4, ""), p.Sub(4, "")}
	subs = append(subs, subs[1].Sub(3, ""))
	d := testkit.StressTime(t) / 2
	defer watchdog(p, d)()
	stress(t, d, 6, func(id int, over func() bool) {
		for i := id; !over(); i++ {
			q := subs[i%len(subs)]
			if i%3 == 0 {
				if err := q.Acquire(context.Background(), 1); err != nil {
					t.Error(err)
					return
				}
				q.Free(1)
				continue
			}
			r := q.Create(nothing{})
			if err := r.Get(nil); err != nil {
				t.Error(err)
				return
			}
			r.Put()
		}
	}, func(i int) {
		if i == 0 { // else the stress may be over before the users have begun
			testkit.Eventually(t, "all slots taken: nothing is shown before", func() bool {
				st := p.Stats()
				return st.InUse+st.Idle+st.Releasing == slots
			})
		}
		for _, q := range subs {
			st := q.Stats()
			if limit := q.p.size.total; st.Max != limit || st.InUse+st.Idle+st.Releasing > limit {
				t.Errorf("%+v of %d slots", st, limit)
			}
		}
	})
}

// Of two calls at once one has read its figures before the other was given later ones. Found
// by the explorer: Gets that were neither reuses nor allocations.
func TestStatsAtOnceHaveNoGetsOfNoKind(t *testing.T) {
	var c counts
	slow, quick := Stats{Gets: 3, Reuses: 2, Allocations: 1}, Stats{Gets: 4, Reuses: 2, Allocations: 2}
	c.mostSeen(&quick)
	c.mostSeen(&slow)
	if slow.Gets != 4 || slow.Gets > slow.Reuses+slow.Allocations {
		t.Errorf("%d Gets, of these %d reuses and %d allocations", slow.Gets, slow.Reuses, slow.Allocations)
	}
}
