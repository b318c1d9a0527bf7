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

// takenBack is a release of n that a search met, and that was taken back: n is idle as before,
// but lies with those in use until the stack is drained.
func (r *rig) takenBack(s *List, n *Node) {
	w := n.W.Load()
	n.W.Store(w&^PhaseMask | Claimed)
	s.setAside(n, n.W.Load(), false)
	n.W.Store(w)
	r.lists.Park(n)
}

// What an expert had read was set aside by its next look, and idle again with the same word. It was
// claimed where it did not lie, and the list it was not on lost its other end.
func TestWhatWasSetAsideSinceItWasNamedIsNotClaimed(t *testing.T) {
	r, s := residents(t, 0, 0, 0)
	s.lock.Lock()
	n, w := s.handed()
	r.takenBack(s, n)
	if got := s.claim(n, w); got != nil {
		t.Errorf("claimed in %q", got.Place())
	}
	s.lock.Unlock()
	r.audit()
	if n.Place() != "main" || phaseOf(n.W.Load()) != Idle {
		t.Errorf("it is in %q", n.Place())
	}
}

func TestSparedAndSetAsideSinceIsNotEvicted(t *testing.T) {
	r, s := residents(t, 64, 64, 64)
	s.lock.Lock()
	spareFirst(t, r, s)
	r.takenBack(s, r.nodes[0])
	next := r.nodes[1]
	next.credit = 0
	if got := s.claim(next, next.W.Load()); got != next {
		t.Errorf("%v was claimed", got)
	}
	s.settle(next, filter, nil, s, false)
	s.lock.Unlock()
	r.audit()
}

// A Put came between the look at the word and the swap that sets the resource aside: it is idle, and
// a candidate as before.
func TestWhatWasPutSinceTheSearchLookedIsNotSetAside(t *testing.T) {
	r := newRig(t, 1, 1, 1)
	r.visit(0)
	r.get(0)
	n, s := r.nodes[0], r.list()
	w := n.W.Load()
	r.put(0)
	idle := n.W.Load()
	s.setAside(n, w, false)
	if n.W.Load() != idle || n.Place() != "main" {
		t.Errorf("the word is %x, want %x, and it is in %q", n.W.Load(), idle, n.Place())
	}
}
