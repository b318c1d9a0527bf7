package evict

import "testing"

// A search reads a word, and a Get may come before the search claims by it.
func TestWhatWasGottenSinceTheSearchLookedIsNotClaimed(t *testing.T) {
	for name, claim := range map[string]func(*List, *Node, uint64) bool{
		"claim": func(s *List, n *Node, w uint64) bool { return s.claim(n, w) != nil },
		"take":  (*List).take, "unmark": (*List).unmark,
	} {
		r := newRig(t, 2, 1, 1)
		r.visit(0)
		s, n := (*r.lists.all.Load())[0], r.nodes[0]
		s.lock.Lock()
		s.steps = 0
		seen := n.W.Load()
		r.get(0)
		now := n.W.Load()
		if claim(s, n, seen) || n.W.Load() != now {
			t.Errorf("%s: got, and the word is %x, was %x", name, n.W.Load(), now)
		}
		s.lock.Unlock()
		r.put(0)
		r.audit()
	}
}

// withOneSetAside has two residents. Node 0, n, is in use and was set aside by a search.
func withOneSetAside(t *testing.T) (r *rig, n *Node) {
	r = newRig(t, 2, 1, 2)
	r.visit(0)
	r.visit(1)
	r.get(0)
	s, n := (*r.lists.all.Load())[0], r.nodes[0]
	s.lock.Lock()
	s.setAside(n, n.W.Load(), false)
	s.lock.Unlock()
	return r, n
}

// What is in use when a search meets it is no candidate until its Put: else each search would meet
// it again, and one that finds nothing else would not end.
func TestWhatASearchMeetsInUseIsSetAside(t *testing.T) {
	r, n := withOneSetAside(t)
	if n.Place() != "busy" || n.W.Load()&Listed != 0 || r.lists.Candidates() != 1 {
		t.Errorf("in %q with word %x, %d candidates", n.Place(), n.W.Load(), r.lists.Candidates())
	}
	r.audit()
	r.put(0)
	r.audit()
	if r.lists.Candidates() != 2 {
		t.Errorf("%d candidates when it was put", r.lists.Candidates())
	}
}

// What lies on the stack of parked ones may have been released, allocated and set aside since its
// Put: without the mark it is no candidate (E5).
func TestParkedOneThatWasSetAsideSinceIsNoCandidate(t *testing.T) {
	r, n := withOneSetAside(t)
	r.lists.Park(n) // late
	r.audit()
	if n.Place() != "busy" {
		t.Errorf("in %q with word %x: %v", n.Place(), n.W.Load(), r.lists.AuditMark(n))
	}
}

func TestListIsLockedWhileAResidentComesOrGoes(t *testing.T) {
	r := newRig(t, 1, 1, 2)
	s, calls := (*r.lists.all.Load())[0], 0
	r.lists.keyOf = func(*Node) uint64 { // is called in the middle of both
		if calls++; s.lock.TryLock() {
			t.Errorf("call %d: not locked", calls)
			s.lock.Unlock()
		}
		return 0
	}
	for _, n := range r.nodes {
		n.Remember()
	}
	r.visit(0)
	r.visit(1) // evicts the other
	r.release(1)
	if calls < 4 {
		t.Errorf("%d calls", calls)
	}
}
