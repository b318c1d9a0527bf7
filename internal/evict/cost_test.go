package evict

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestCostsAreRoundedToPowersOfTwo(t *testing.T) {
	for d, want := range map[time.Duration]uint8{
		0: 0, time.Microsecond - 1: 0, 1 << 10: 10, 3<<9 - 1: 10, 3 << 9: 11, 1 << 20: 20, 1 << 47: 47, 1<<48 - 1: 47, 1<<63 - 1: 47,
	} {
		if got := costOf(d); got != want {
			t.Errorf("%d ns: %d, want %d", d, got, want)
		}
	}
}

// visits are skewed, with a scan in between.
func visits(n int) (all []int) {
	rng := rand.New(rand.NewPCG(3, 9))
	for i := range n {
		if i%3 == 0 {
			all = append(all, 500+i/3%1500)
		} else {
			all = append(all, int(500*rng.Float64()*rng.Float64()*rng.Float64()))
		}
	}
	return all
}

func TestEqualCostsChangeNothing(t *testing.T) {
	var before []int
	for _, cost := range []int64{0, 1024, 1_000_000, 1 << 40} {
		r := newRig(t, 100, 1, 2000)
		if cost != 0 {
			r.costs = func(int) int64 { return cost }
		}
		for _, i := range visits(30_000) {
			r.visit(i)
		}
		if before != nil && !slices.Equal(r.gone, before) {
			t.Errorf("%d ns: other victims than without costs", cost)
		}
		before = r.gone
	}
	if len(before) == 0 {
		t.Error("nothing was evicted")
	}
}

func TestDearOnesStay(t *testing.T) {
	without := timeOfDials(t, visits(30_000), everyTenthDear, nil)
	if with := timeOfDials(t, visits(30_000), everyTenthDear, everyTenthDear); with*100 > without*85 {
		t.Errorf("%v of dials, %v without knowing costs", with, without)
	}
}

// Nor with several lists, each of which asks for its own, nor where records are kept by key.
func TestEqualCostsChangeNothingInSeveralListsAndByKey(t *testing.T) {
	visits := wrapVisits(9000)
	before := map[string][]int{}
	for _, cost := range []int64{0, 1_000_000} {
		for name, r := range rigs(t, slices.Max(visits)+1) {
			if cost != 0 {
				r.costs = func(int) int64 { return cost }
			}
			for _, i := range visits {
				r.visit(i)
			}
			if cost == 0 {
				before[name] = r.gone
			} else if len(r.gone) == 0 || !slices.Equal(r.gone, before[name]) {
				t.Errorf("%s: of %d victims the %d. is another one than without costs", name, len(r.gone), firstOther(r.gone, before[name]))
			}
		}
	}
}

// What is never used again pays until it goes, however dear it was.
func TestDearButUnusedGoes(t *testing.T) {
	r := only(t, leastRecent, 10, 400)
	r.costs = func(i int) int64 {
		if i < 5 {
			return int64(8 * time.Millisecond)
		}
		return int64(time.Millisecond)
	}
	for i := range r.nodes {
		if i == 20 && r.nodes[4].place == nowhere {
			t.Error("all dear ones went first")
		}
		r.visit(i)
		r.lists.board.best.Store(uint32(leastRecent))
	}
	for i := range 5 {
		if r.nodes[i].place != nowhere {
			t.Errorf("%d still has its slot", i)
		}
	}
	r.audit()
}

// The extremes of cost and of what is asked must not overflow into a search that
// spares for ever.
func TestCreditAtItsLimits(t *testing.T) {
	for _, dearest := range []int64{1 << 10, 1 << 16, 1 << 17, 1 << 40, 1 << 47, 1 << 48, 1<<62 + 1<<61} {
		r := newRig(t, 8, 1, 400)
		r.costs = func(i int) int64 { return max(1024, dearest>>(i%60)) }
		for i := range 3 * len(r.nodes) {
			r.visit(i % len(r.nodes))
		}
		r.audit()
	}
}

// However dear one was, it is spared for as long as it could pay, and no longer.
func TestDearestPaysAllItsCredit(t *testing.T) {
	for _, k := range []int{10, 16, 17, 40, mostCost} {
		r, s := residents(t, 0, 0)
		n := r.nodes[0]
		r.lists.Took(n, 1<<k)
		for _, c := range []struct {
			asked uint64
			gone  bool
		}{{1 << k / 4, false}, {1 << k / 4, false}, {1 << k / 2, true}} {
			s.begin()
			s.asked, s.least, s.last, s.steps = c.asked, 0, 0, 0
			if got := s.pays(n, n.W.Load()); got != c.gone {
				t.Errorf("2^%d ns, asked for %d: its turn is %v, with %d of the credit left", k, c.asked, got, n.credit)
			}
		}
	}
}
