package evict

import "testing"

// A search that re-dates what it meets must not walk past it for good, however
// far a list is behind the pool's era.
func TestLeastRecentMissesNoIdleResource(t *testing.T) {
	for _, c := range []struct {
		name          string
		list, at, now uint8 // era of the list, when dated, of the last Get
	}{
		{"list 128 eras behind", 127, 127, 130},
		{"pool's era went back by one", 7, 7, 6},
		{"eras came round", 250, 250, 4},
	} {
		r := only(t, leastRecent, 1, 2)
		s := r.list()
		s.advance(c.list)
		r.lists.era.Store(uint64(c.at) * OneEra)
		r.visit(0)
		r.lists.era.Store(uint64(c.now) * OneEra)
		r.visit(0)
		r.visit(1)
		r.wantGone(0)
		r.audit()
	}
}

func TestLeastRecentEvictsTheOldestEra(t *testing.T) {
	r := only(t, leastRecent, 3, 5)
	r.list().eraEnds = 1000 // not by itself
	for i, era := range []uint64{5, 3, 4} {
		r.lists.era.Store(era * OneEra)
		r.list().era = 0
		r.visit(i)
	}
	r.lists.era.Store(6 * OneEra)
	r.visit(3)
	r.visit(4)
	r.wantGone(1, 2)
}

// Least-recent is followed so seldom that all of main was gotten since it was dated. Then
// the steps of a search ended before all were dated anew, and it evicted one of the hottest.
func TestLeastRecentThatIsSeldomFollowedEvictsNoHotOne(t *testing.T) {
	const slots = 1000
	cold := func(i int) bool { return i%10 == 5 }
	r := only(t, leastRecent, slots, slots+1)
	r.list().eraEnds = 1000 // not by itself
	for i := range slots {
		r.visit(i)
	}
	for _, era := range []uint64{5, 20} {
		r.lists.era.Store(era * OneEra)
		for i := range slots {
			if cold(i) == (era == 5) {
				r.visit(i)
			}
		}
	}
	r.visit(slots)
	if i := r.gone[0]; !cold(i) {
		t.Errorf("evicted %d, which was gotten last", i)
	}
	r.audit()
}

// Eras went by evictions alone, so that all that had come before the first one seemed
// to have been gotten at the same time.
func TestFullPoolKnowsWhatWasGottenLast(t *testing.T) {
	const slots = 100
	r := only(t, leastRecent, slots, slots+20)
	for i := range slots {
		r.visit(i)
		if i >= slots/2 {
			r.visit(i % 25) // what comes before 25 stays in use
		}
	}
	for i := range 20 {
		r.visit(slots + i)
		r.lists.board.best.Store(uint32(leastRecent))
	}
	for _, i := range r.gone {
		if i < 25 || i >= slots/2 {
			t.Errorf("%d was evicted before some that had not been gotten for longer", i)
		}
	}
	r.audit()
}
