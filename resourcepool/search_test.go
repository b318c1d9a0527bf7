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
			s.claim(leastRecent, &x0.r, false) // sets r aside
			r.Put()
			s.lock.Lock()
			s.drain() // as any Release in the shard does
			s.lock.Unlock()
			p.p.era.Store(c.e2 * oneEra)
			mustGet(t, r)
			r.Put()
			x := p.p.create(nothing{}, 0)
			if v, _ := s.claim(leastRecent, &x.r, false); v != &r.r {
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

func TestHintTellsTheEraOfTheVictim(t *testing.T) {
	p := newPool(512, "", 2, 2)
	s := &p.p.shards[0]
	p.p.era.Store(40 * oneEra)
	s.advance(40)
	r := p.p.create(nothing{}, 0)
	mustGet(t, r)
	r.Put()
	x := p.p.create(nothing{}, 0)
	if v, _ := s.claim(leastRecent, &x.r, false); v != &r.r {
		t.Fatal("victim")
	}
	if got := uint8(s.oldestEra.Load()); got != 40 {
		t.Errorf("hint %d after evicting what was gotten in era 40", got)
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
