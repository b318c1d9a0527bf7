package evict

import (
	"math/rand/v2"
	"testing"
	"time"
)

// residents makes a list whose nodes cost so many milliseconds, all idle in main and
// not reused since the hand passed, in this order.
func residents(t *testing.T, costs ...int64) (*rig, *List) {
	r := newRig(t, len(costs), 1, len(costs)+1)
	r.costs = func(i int) int64 {
		if i < len(costs) {
			return costs[i] * int64(time.Millisecond)
		}
		return int64(time.Millisecond)
	}
	for i := range costs {
		r.visit(i)
	}
	return r, (*r.lists.all.Load())[0]
}

// asks has the list ask for so much.
func asks(s *List, price time.Duration) {
	s.asked, s.last, s.least = uint64(price), 10, 10 // a microsecond
}

// spareFirst has a search name node 0, which is spared. The list is locked.
func spareFirst(t *testing.T, r *rig, s *List) {
	t.Helper()
	asks(s, time.Millisecond)
	s.begin()
	if n := r.nodes[0]; s.claim(n, n.W.Load()) != nil || s.cheapest != n {
		t.Fatal("it was not spared")
	}
}

// victimOf is whom a search by the hand of main evicts when so much is asked.
func victimOf(t *testing.T, r *rig, s *List, asked time.Duration) int {
	t.Helper()
	s.lock.Lock()
	asks(s, asked)
	victim, _ := s.follow(filter, 0)
	if victim == nil {
		t.Fatal("no victim")
	}
	s.settle(victim, filter, nil, s, false)
	s.lock.Unlock()
	n := r.number(victim)
	r.lists.Leave(victim)
	victim.W.Store(0)
	r.used--
	r.audit()
	return n
}

// A search that spares some, and at last meets one that cannot pay, must not evict one
// that is dearer than another that it has named.
func TestDearerOneGoesThanTheSearchHasSpared(t *testing.T) {
	for _, c := range []struct {
		costs []int64
		used  []int // what they have paid of their credit, in sixteenths
		want  int
	}{
		{[]int64{16, 4, 64, 64}, []int{0, 0, 16, 16}, 1}, // the second is cheaper than the third, which has nothing left
		{[]int64{64, 64, 64, 1}, []int{0, 0, 16, 0}, 0},  // equals: the first named
		{[]int64{64, 32, 64, 1}, []int{0, 0, 16, 0}, 1},
		{[]int64{16, 4, 1, 1}, []int{0, 0, 0, 0}, 2}, // what cannot pay is the cheapest
	} {
		r, s := residents(t, c.costs...)
		for i, sixteenths := range c.used {
			r.nodes[i].credit = uint16(fullCredit - fullCredit/16*sixteenths)
		}
		if got := victimOf(t, r, s, 1500*time.Microsecond); got != c.want {
			t.Errorf("costs %v, paid %v: %d goes, want %d", c.costs, c.used, got, c.want)
		}
	}
}

// Between a spare and the end of its search a Get may come for what was spared. It must keep it,
// and what it put back was used since, so that it is not the one to go.
func TestSparedAndGottenSinceIsNotEvicted(t *testing.T) {
	for name, since := range map[string]func(r *rig){
		"in use":   func(r *rig) { r.get(0) },
		"put back": func(r *rig) { r.visit(0) },
		"released": func(r *rig) { r.nodes[0].W.Store(r.nodes[0].W.Load()&^PhaseMask | Claimed) },
	} {
		r, s := residents(t, 64, 64)
		s.lock.Lock()
		spareFirst(t, r, s)
		since(r)
		now := r.nodes[0].W.Load()
		r.nodes[1].credit = 0
		if got := s.claim(r.nodes[1], r.nodes[1].W.Load()); got != r.nodes[1] || r.nodes[0].W.Load() != now {
			t.Errorf("%s: claimed %v, and the word is %x, was %x", name, got == r.nodes[0], r.nodes[0].W.Load(), now)
		}
		s.lock.Unlock()
	}
}

// A search that runs out of steps lets the lock go, and what it has spared may leave.
func TestSparedBeforeTheLockWasLetGoIsForgotten(t *testing.T) {
	r, s := residents(t, 64, 64)
	s.lock.Lock()
	spareFirst(t, r, s)
	s.lock.Unlock()
	r.release(0) // and its word says nothing of a list any more
	r.nodes[0].W.Store(Idle | Listed)
	r.nodes[1].credit = 0
	s.lock.Lock()
	victim, _ := s.follow(filter, 0)
	s.lock.Unlock()
	if victim != r.nodes[1] {
		t.Errorf("what had left was evicted")
	}
}

// 80 dear ones that fit into 100 slots, and a thousand cheap ones that come between. A search
// often names several dear ones in a row. If that raised what is asked for long,
// dear ones would go for hundreds of evictions.
func TestDearOnesThatFitAreEvicted(t *testing.T) {
	var visits []int
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 40_000 {
		visits = append(visits, 80+int(1000*rng.Float64()*rng.Float64()))
		if i%30 == 0 {
			visits = append(visits, rng.IntN(80))
		}
	}
	cost := dearBelow(80)
	known, blind := timeOfDials(t, visits, cost, cost), timeOfDials(t, visits, cost, nil)
	t.Logf("%v of dials, %v without knowing costs", known, blind)
	if known*100 > blind*40 { // 52 if what is asked stays raised
		t.Errorf("%v of dials, %v without knowing costs", known, blind)
	}
}

// A loop over more dear ones than there are slots. To spare some of them for others undoes the
// order that is good for loops.
func TestLoopOverDearOnesIsUndone(t *testing.T) {
	var visits []int
	for i := range 40_000 {
		visits = append(visits, i%150)
		if i%5 == 0 {
			visits = append(visits, 150+i/5%4000)
		}
	}
	cost := dearBelow(150)
	known, blind := timeOfDials(t, visits, cost, cost), timeOfDials(t, visits, cost, nil)
	t.Logf("%v of dials, %v without knowing costs", known, blind)
	if known*100 > blind*102 {
		t.Errorf("%v of dials, %v without knowing costs", known, blind)
	}
}

// dearBelow says that those below n cost 128 times what the others do.
func dearBelow(n int) func(i int) int64 {
	return func(i int) int64 {
		if i < n {
			return int64(128 * time.Millisecond)
		}
		return int64(time.Millisecond)
	}
}
