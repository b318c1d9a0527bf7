package resourcepool

import (
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Nor is it served in the end: while Renew runs, the resource has a user.
func TestCancelledGetDoesNotOutwaitARenew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(2, "")
		inRelease, goOn := make(chan struct{}), make(chan struct{})
		f := &thing{release: func() error { inRelease <- struct{}{}; <-goOn; return nil }}
		r := p.Create(f)
		mustGet(t, r)
		renewed := make(chan error)
		go func() { renewed <- r.Renew(f) }()
		<-inRelease
		got := make(chan error, 1)
		go func() { got <- r.Get(MakeImmediateCanceler()) }()
		synctest.Wait()
		close(goOn)
		if err := <-renewed; err != nil {
			t.Fatal(err)
		}
		// r is ours; the other Get was cancelled long ago.
		time.Sleep(24 * time.Hour)
		select {
		case err := <-got:
			if err != ErrorPutTimeout {
				t.Errorf("got %v", err)
			}
		default:
			t.Error("a Get with an immediate canceler has waited a day for the holder's Put")
		}
		f.release = nil
		r.Put()
		synctest.Wait()
		select {
		case err := <-got:
			if err == nil {
				t.Error("and then was served")
				r.Put()
			}
		default:
		}
	})
}

// A search that re-dates what it meets must not walk past it for good, however
// far a shard is behind the pool's era.
func TestLeastRecentMissesNoIdleResource(t *testing.T) {
	for _, c := range []struct {
		name   string
		e1, e2 uint64 // era when dated, era of the last Get
	}{
		{"shard 128 eras behind", 127, 130},
		{"pool's era went back by one", 7, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPool(512, "", 2, 2)
			s := &p.p.shards[0]
			if c.name != "shard 128 eras behind" {
				p.p.era.Store(c.e1 * oneEra)
				s.advance(uint8(c.e1))
			}
			r := p.p.create(nothing{}, 0)
			p.p.era.Store(c.e1 * oneEra)
			mustGet(t, r)
			x0 := p.p.create(nothing{}, 0)
			s.claim(leastRecent, 0, &x0.r, false) // sets r aside
			r.Put()
			s.lock.Lock()
			s.drain() // as any Release in the shard does
			s.lock.Unlock()
			p.p.era.Store(c.e2 * oneEra)
			mustGet(t, r)
			r.Put()
			x := p.p.create(nothing{}, 0)
			if v, _, _ := s.claim(leastRecent, 0, &x.r, false); v != &r.r {
				t.Error("no victim though one resource is idle")
			}
		})
	}
}

func TestWaiterIsServedByAShardFarBehindTheEra(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(512, "", 2, 2)
		p.p.board.best.Store(uint32(leastRecent))
		p.p.era.Store(127 * oneEra)
		hot := p.p.create(nothing{}, 0)
		mustGet(t, hot)
		hot.Put()
		var held []*Resource
		for range 511 {
			r := p.CreateKeyed(nothing{}, "a")
			mustGet(t, r)
			held = append(held, r)
		}
		p.p.era.Store(130 * oneEra)
		mustGet(t, hot)
		hot.Put()
		x := p.p.create(nothing{}, 0)
		// as inherit does: enqueue, then one match
		p.p.waitLock.Lock()
		w := newWaiter(&x.r)
		p.p.arrive(w)
		x.r.state.w.Store(phaseSeeking | markListed)
		p.p.enqueueSlotWaiter(w)
		p.p.match()
		p.p.waitLock.Unlock()
		select {
		case <-w.ready:
		default:
			t.Errorf("waiter sleeps, %+v", p.Stats())
		}
		runtime.KeepAlive(held)
	})
}

// Least-recent takes the older of two shards' oldest, of equals its own.
func TestLeastRecentComparesShards(t *testing.T) {
	const here, there = 0, 1
	for _, c := range []struct{ eraHere, eraThere, now, want int }{
		{10, 20, 22, here}, {20, 10, 22, there}, {10, 10, 22, here},
		{10, 15, 60, here}, {15, 10, 60, here}, {19, 10, 50, here}, // beyond the lists all is equally old
		{20, 10, 40, there},
	} {
		p := newPool(2, "", 2, 2)
		p.p.board.best.Store(uint32(leastRecent))
		p.p.shards[here].clock = 5 // no exploring draw
		var rs [2]*Resource
		for _, home := range []int{here, there} {
			rs[home] = p.p.create(nothing{}, home)
			p.p.era.Store(uint64(c.eraHere) * oneEra)
			if home == there {
				p.p.era.Store(uint64(c.eraThere) * oneEra)
			}
			mustGet(t, rs[home])
			rs[home].Put()
		}
		p.p.era.Store(uint64(c.now) * oneEra)
		p.p.shards[there].need(uint8(c.now)) // not relaxed, or what is dormant there would go first
		x := p.p.create(nothing{}, here)
		if v := p.p.claimVictim(&x.r); v != &rs[c.want].r {
			t.Errorf("%+v: took the other", c)
		}
	}
}

// The uses of a resource overflow into the totals while Stats reads them.
func TestGetsAreNeverMoreThanHaveBegun(t *testing.T) {
	p := New(1, "")
	r := p.Create(nothing{})
	mustGet(t, r)
	r.Put()
	var over atomic.Bool
	var n atomic.Uint64
	n.Store(1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !over.Load() {
			n.Add(1)
			if r.Get(nil) != nil {
				panic("get")
			}
			r.Put()
		}
	}()
	bad, worst := 0, uint64(0)
	for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); {
		st := p.Stats().Gets
		if most := n.Load(); st > most {
			bad++
			worst = max(worst, st-most)
		}
	}
	over.Store(true)
	<-done
	if bad > 0 {
		t.Errorf("%d times Gets was more than had begun, by up to %d", bad, worst)
	}
}

func visitAll(t *testing.T, rs []*Resource) {
	t.Helper()
	for _, r := range rs {
		mustGet(t, r)
		r.Put()
	}
}

func createAt(p *Pool, n, home int) (rs []*Resource) {
	for range n {
		rs = append(rs, p.p.create(nothing{}, home))
	}
	return rs
}

// Connections that nobody wants any more must not sit for ever while new ones
// push each other out, also if it is in other shards that they sit.
func TestSlotsMoveToTheShardThatNeedsThem(t *testing.T) {
	const slots, lists = 1024, 4
	p := newPool(slots, "", lists, lists)
	for home := range lists {
		visitAll(t, createAt(p, slots/lists, home))
	}
	hot := createAt(p, slots*3/4, 0) // three times what shard 0 has
	for evictions := p.Stats().Evictions; ; {
		visitAll(t, hot)
		now := p.Stats().Evictions
		if now == evictions {
			break // all have a slot
		}
		if evictions = now; evictions > 2*slots {
			t.Fatalf("after %d evictions %d of %d still have no slot", evictions, slots-p.Stats().Idle, slots)
		}
	}
	t.Logf("settled after %d evictions", p.Stats().Evictions)
}

// Nor may a shard lose what its addresses use, because they have no need of
// more: neither what is held for long nor what is used now and then. What is used
// less than once in two times max evictions any rule may take, but not each time.
func TestBusyShardKeepsItsSlots(t *testing.T) {
	for _, c := range []struct {
		rounds, whileHeld, whileIdle int // scanned in a round
		most                         int // redials, in a hundred Gets
	}{{40, 0, 200, 0}, {40, 0, 600, 1}, {40, 0, 1000, 2}, {40, 300, 200, 1}, {40, 1000, 200, 1}, {20, 0, 2000, 40}} {
		const slots, lists = 1024, 4
		p := newPool(slots, "", lists, lists)
		var used []*Resource
		for home := 1; home < lists; home++ {
			used = append(used, createAt(p, slots/lists*3/4, home)...)
		}
		visitAll(t, used)
		gets, redials := 0, 0
		for range c.rounds {
			before := p.Stats().Allocations
			for _, r := range used {
				mustGet(t, r)
			}
			gets += len(used)
			redials += int(p.Stats().Allocations - before)
			visitAll(t, createAt(p, c.whileHeld, 0)) // nobody comes back to these
			for _, r := range used {
				r.Put()
			}
			visitAll(t, createAt(p, c.whileIdle, 0))
		}
		t.Logf("%+v: %d of %d", c, redials, gets)
		if redials*100 > c.most*gets {
			t.Errorf("%+v: %d of %d Gets had to dial again for the sake of a scan", c, redials, gets)
		}
	}
}
