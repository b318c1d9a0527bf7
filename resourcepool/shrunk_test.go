package resourcepool

import (
	"strconv"
	"testing"
)

// The residents of a pool that was large stayed in as many lists as it had, with hardly a
// candidate for eviction in each: a loop over 60 addresses by 20 slots then reused half as often as in a pool of
// 20 slots from the start.
func TestShrunkPoolEvictsLikeASmallOne(t *testing.T) {
	const slots, addresses, rounds = 20, 60, 200
	loop := func(p *Pool) (reuses uint64) {
		var all []*Resource
		for i := range addresses {
			all = append(all, p.CreateKeyed(&thing{}, strconv.Itoa(i)))
		}
		for range rounds {
			for _, r := range all {
				mustGet(t, r)
				r.Put()
			}
		}
		return p.Stats().Reuses
	}
	small := loop(newPool(slots, "", 1, 1))
	for _, late := range []bool{false, true} {
		p := newPool(100_000, "", 8, 8)
		if late { // when there are residents in all lists
			for i := range 10 * slots {
				r := p.CreateKeyed(&thing{}, "other "+strconv.Itoa(i))
				mustGet(t, r)
				r.Put()
			}
		}
		p.SetMax(slots)
		if n := loop(p); float64(n) < 0.9*float64(small) {
			t.Errorf("late %v: %d reuses, in a small pool %d", late, n, small)
		} else {
			t.Logf("late %v: %d reuses, in a small pool %d", late, n, small)
		}
	}
}
