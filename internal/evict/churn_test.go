package evict

import "testing"

// churn has one address come and go: its slot is free each time.
func (r *rig) churn(i, times int) {
	for range times {
		r.visit(i)
		r.release(i)
	}
}

// justUsed plays a pool of 64 slots that is not full for long, and returns how many of the victims,
// when it is, are among those that were used last.
func justUsed(t *testing.T, lists, churn int) (hot int) {
	r := newRig(t, 64, lists, 600)
	for _, s := range *r.lists.all.Load() {
		s.draws = 1 << 20
	}
	for i := range 60 {
		r.visit(i)
	}
	for i := range 30 {
		r.visit(i) // once more, and then never
	}
	r.churn(100, churn)
	for i := 30; i < 60; i++ {
		r.visit(i)
	}
	r.churn(100, 12)
	for i := 0; r.used < 64; i++ {
		r.visit(300 + i)
	}
	for i := range 20 {
		r.lists.board.best.Store(uint32(leastRecent))
		r.visit(200 + i)
	}
	for _, i := range r.gone {
		if i >= 30 && i < 60 {
			hot++
		}
	}
	r.audit()
	return hot
}

// Eras that go by each free slot come round, in a pool where one address comes and goes and
// nothing is evicted: then what was used last seemed to be the oldest.
func TestOneAddressThatComesAndGoesIsNoTime(t *testing.T) {
	for _, lists := range []int{1, 2} {
		before := justUsed(t, lists, 0)
		for _, churn := range []int{300, 600, 800, 1000, 1500, 5000} {
			if hot := justUsed(t, lists, churn); hot > before {
				t.Errorf("%d lists: after %d times, %d of those used last are evicted, and %d without", lists, churn, hot, before)
			}
		}
	}
}

// The lists of a pool began their eras all at once: all eras of a pool that was filled fell
// into the first tenth.
func TestErasAreEvenWhileAPoolIsFilled(t *testing.T) {
	for _, lists := range []int{1, 4, 16} {
		slots := 300 * lists
		r := newRig(t, slots, lists, slots)
		byTenth, last := [10]int{}, r.lists.Era()
		for i := range slots {
			r.visit(i)
			if e := r.lists.Era(); e != last {
				byTenth[i*10/slots]++
				last = e
			}
		}
		for tenth, n := range byTenth {
			if n < 1 || n > 5 {
				t.Errorf("%d lists: %d eras in the %d. tenth of %v", lists, n, tenth, byTenth)
			}
		}
	}
}
