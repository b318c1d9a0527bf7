package evict

import "testing"

// regretOf is what an expert is charged whose victim, of that cost, is wanted back at once.
func regretOf(t *testing.T, e expert, cost uint8) float64 {
	r := newRig(t, 8, 1, 9)
	for i := range 8 {
		r.visit(i)
	}
	s, n := r.list(), r.nodes[8]
	s.mean = 1 << 20
	n.by, n.stamp, n.cost = e, uint32(s.clock), cost
	if !s.remembers(n) {
		t.Error("what is wanted back at once is not remembered")
	}
	return float64(s.pending[e].regret) / mostRegret
}

func TestRegretIsWeighed(t *testing.T) {
	for _, c := range []struct {
		name     string
		by       expert
		cost     uint8
		from, to float64
	}{
		{"duel", duel, 0, 1, 1},
		{"filter, an eighth more", filter, 0, 1.124, 1.126},
		{"filter recent, an eighth more", filterRecent, 0, 1.124, 1.126},
		{"least recent, fourfold", leastRecent, 0, 4, 4},
		{"twice the mean cost", duel, 21, 1.9, 2},
		{"half the mean cost", duel, 19, 0.5, 0.55},
		{"far more than the mean", duel, 40, 1, mostDear},
	} {
		if got := regretOf(t, c.by, c.cost); got < c.from || got > c.to {
			t.Errorf("%s: %.3f, want %.3f to %.3f", c.name, got, c.from, c.to)
		}
	}
	if far, near := regretOf(t, duel, 40), regretOf(t, duel, 21); far < 10*near {
		t.Errorf("a cost of a million times the mean: %.1f, of twice the mean %.1f", far, near)
	}
}

func TestUseGivesCreditBack(t *testing.T) {
	r, s := residents(t, 64, 64)
	n := r.nodes[0]
	n.credit = 1
	r.visit(0)
	if n.credit != 1 {
		t.Error("before any search has seen it")
	}
	if !s.unmark(n, n.W.Load()) || n.credit != fullCredit {
		t.Errorf("%d of %d", n.credit, fullCredit)
	}
}

// A tenth of the residents of filter wait to be used again, and a quarter of filter recent's.
func TestArrivalsOfTheFiltersMayWait(t *testing.T) {
	const slots = 20
	for e, share := range map[expert]int{filter: slots / 10, filterRecent: slots / 4} {
		r := only(t, e, slots, 3*slots)
		for i := range slots + share + 3 {
			r.visit(i)
			r.lists.board.best.Store(uint32(e))
		}
		for i, victim := range r.gone {
			if waited := i < share; waited != (victim < slots) {
				t.Errorf("%s: after %d arrivals %d went", rules[e].Name, i+1, victim)
			}
		}
		r.audit()
	}
}

// A search may look at many, but not as a rule.
func TestSearchesAreShortInTheMean(t *testing.T) {
	const most = 10 // steps; 4 to 7 as measured
	for name, r := range rigs(t, 1600) {
		steps, evictions := 0, 0
		r.costs = func(i int) int64 { return 1 << (12 + i%5) }
		for _, i := range wrapVisits(9000) {
			before := len(r.gone)
			r.visit(i)
			if len(r.gone) > before {
				evictions++
				for _, s := range *r.lists.all.Load() {
					steps += s.steps // of its last search
				}
			}
			if e, ok := expertNamed(name); ok {
				r.lists.board.best.Store(uint32(e))
			}
		}
		lists := len(*r.lists.all.Load())
		if mean := float64(steps) / float64(evictions*lists); mean > most {
			t.Errorf("%s: %.1f steps a search", name, mean)
		} else {
			t.Logf("%s: %.1f steps a search", name, mean)
		}
	}
}
