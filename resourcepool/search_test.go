package resourcepool

import (
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
	p.p.clock = func() time.Duration { return 0 } // or what the machine made slow is dear
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
		p.p.clock = func() time.Duration { return 0 } // or what the machine made slow is dear
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
