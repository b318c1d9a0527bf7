package evict

import "testing"

// paced is a list that follows duel, which meets hardly anything of main, with
// so many Gets of main for each that evicts. It returns the mean pace too: a single one
// depends on which of main were met just before.
func paced(t *testing.T, hits int) (r *rig, mean float64) {
	const slots = 100
	r = only(t, duel, slots, 100*slots)
	for i := range slots {
		r.visit(i)
	}
	for i, hot := slots, 0; i < 10*slots; i++ {
		r.visit(i)
		for range hits {
			r.lists.Prefer(0)
			r.visit(hot % (slots / 2))
			hot++
		}
		if i >= 2*slots {
			mean += r.list().rate / (8 * slots)
		}
	}
	return r, mean
}

func TestPaceIsGetsAnEviction(t *testing.T) {
	for _, hits := range []int{0, 1, 9} {
		r, got := paced(t, hits)
		want := float64(2 + hits) // the dial counts twice
		if got < 0.9*want || got > 1.1*want {
			t.Errorf("%d hits for each eviction: a pace of %.2f Gets an eviction", hits, got)
		}
		r.audit()
	}
}

func TestNearnessCountsGets(t *testing.T) {
	r, _ := paced(t, 0)
	s := r.list()
	for _, c := range []struct {
		rate      float64
		evictions uint64
		want      uint64
	}{
		{1, 0, 64}, {1, 300, 32}, {1, 900, 16},
		{10, 30, 32}, {10, 90, 16}, {1, 1 << 31, 0},
	} {
		s.rate = c.rate
		if got := s.nearness(c.evictions); got != c.want {
			t.Errorf("%d evictions of %.0f Gets: nearness %d, want %d", c.evictions, c.rate, got, c.want)
		}
	}
}
