package evict

import "testing"

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
