package evict

import "math/bits"

// Four experts, each of which knows a victim in O(1) amortised: every step of a
// search that does not end it either undoes what a Get or a Put did (a mark, a
// newer era, being in use), moves what arrived from probation to main, pays for
// what was costly (see cost.go), or is one of a fixed number.
type expert uint8

const (
	none         expert = iota
	duel                // the newest arrival or the oldest of probation, whichever was used less
	filter              // probation has a tenth; main goes by its hand, as SIEVE's queue does
	filterRecent        // probation has a quarter; main goes by era
	leastRecent         // what was gotten in the oldest era
	experts

	dormant // for least-recent when the choice is nobody's merit
)

const newestLook = 16 // how far duel looks beyond what was reused

// follow finds a victim by the rule of e and claims it. An expert that knows none
// is stood in for, unless spare says what it may not take: no idle resource is
// missed then (E1), but that the search may have run out of steps (E2).
func (s *List) follow(e expert, spare uint8) (victim *Node, by expert) {
	s.steps = 0
	if s.spared != 0 {
		s.begin()
	}
	switch e {
	case duel:
		victim = s.claimDuel()
	case filter:
		victim = s.claimFiltered(10, false)
	case filterRecent:
		victim = s.claimFiltered(4, true)
	case leastRecent, dormant:
		victim = s.claimLeastRecent(spare)
		if spare > 0 {
			return victim, e
		}
	}
	if victim == nil {
		e = filter
		victim = s.claimAny()
	}
	return victim, e
}

// step counts a step and reports whether it may be made.
func (s *List) step() bool {
	s.steps++
	return s.steps <= mostSteps
}

func (s *List) choosy() bool { return s.steps <= choosySteps }

// claimDuel compares the newest arrival that was not reused with the oldest of
// probation or, if that is empty, the one at the hand of main.
func (s *List) claimDuel() *Node {
	for s.choosy() {
		m, wm := s.oldestOfProbation()
		if m == nil {
			if m, wm = s.handed(); m == nil {
				return nil
			}
		}
		n, w := s.newestUnused()
		if n == nil || s.outweighs(n, w, m, wm, true) {
			n, w = m, wm
		}
		if n = s.claim(n, w); n != nil {
			return n
		}
	}
	return nil
}

// claimFiltered lets arrivals wait in probation for as long as they are no
// more than one in share of the residents. Then the oldest has to have been
// used more often than the one that goes from main, by its era or by the hand, to
// take its place.
func (s *List) claimFiltered(share int, mainByEra bool) *Node {
	for s.choosy() {
		var n *Node
		var w uint64
		if s.waiting*share >= s.residents {
			n, w = s.oldestOfProbation()
		}
		if n == nil || s.freq(n, w) > 0 {
			m, wm := s.ofMain(mainByEra)
			switch {
			case m == nil && n == nil:
				if n, w = s.oldestOfProbation(); n == nil {
					return nil
				}
			case m == nil:
			case n == nil:
				n, w = m, wm
			case s.outweighs(n, w, m, wm, false):
				s.promote(n, eraOf(w))
				n, w = m, wm
			}
		}
		if n = s.claim(n, w); n != nil {
			return n
		}
	}
	return nil
}

// claimLeastRecent leaves alone what was gotten in the last spare eras.
func (s *List) claimLeastRecent(spare uint8) *Node {
	for s.choosy() {
		n, w, _ := s.oldestIdle(spare)
		if n == nil {
			return nil
		}
		if n = s.claim(n, w); n != nil {
			return n
		}
	}
	return nil
}

// claimAny claims the first idle one, reused or not.
func (s *List) claimAny() *Node {
	for s.step() {
		n := s.probation.oldest
		if n == nil {
			if n = s.hand; n == nil {
				n = s.main.oldest
			}
			if n == nil {
				return nil
			}
		}
		w := n.W.Load()
		if phaseOf(w) != Idle {
			s.setAside(n, w, n.place == main)
		} else if s.take(n, w) {
			return n
		}
	}
	return nil
}

// oldestOfProbation returns the oldest one there that was not used again since it
// arrived. Those that were go to main.
func (s *List) oldestOfProbation() (*Node, uint64) {
	for n := s.probation.oldest; n != nil && s.step(); n = s.probation.oldest {
		w := n.W.Load()
		switch {
		case phaseOf(w) != Idle:
			s.setAside(n, w, false)
		case w&Reused == 0 || !s.choosy():
			return n, w
		case s.unmark(n, w):
			s.promote(n, eraOf(w))
		}
	}
	return nil, 0
}

// handed returns the next of main that was not reused since the hand came by.
func (s *List) handed() (*Node, uint64) {
	for s.step() {
		n := s.hand
		if n == nil {
			if n = s.main.oldest; n == nil {
				break
			}
		}
		w := n.W.Load()
		switch {
		case phaseOf(w) != Idle:
			s.setAside(n, w, true)
		case w&Reused == 0 || !s.choosy():
			return n, w
		case s.unmark(n, w):
			s.hand = n.links[byArrival].next
		}
	}
	return nil, 0
}

// newestUnused returns the latest arrival that was not reused.
func (s *List) newestUnused() (*Node, uint64) {
	p, m := s.probation.newest, s.main.newest
	for looked := 0; looked < newestLook && (p != nil || m != nil) && s.step(); {
		var n *Node
		if m == nil || p != nil && int32(p.stamp-m.stamp) >= 0 {
			n, p = p, p.links[byArrival].prev
		} else {
			n, m = m, m.links[byArrival].prev
		}
		w := n.W.Load()
		switch {
		case phaseOf(w) != Idle:
			s.setAside(n, w, false)
		case w&Reused != 0:
			looked++
		default:
			return n, w
		}
	}
	return nil, 0
}

// ofMain returns the one that goes next from main.
func (s *List) ofMain(byEra bool) (*Node, uint64) {
	if !byEra {
		return s.handed()
	}
	n, w, _ := s.oldestOfMain(0)
	return n, w
}

// oldestIdle finds what was gotten in the oldest era but is in no later one than
// spare ago, its word, and its age in eras.
func (s *List) oldestIdle(spare uint8) (*Node, uint64, uint8) {
	var p *Node
	var wp uint64
	if n := s.probation.oldest; n != nil && s.waits(n) >= spare {
		p, wp = s.oldestOfProbation()
	}
	m, wm, age := s.oldestOfMain(spare)
	if p == nil || m != nil && age > s.waits(p) {
		return m, wm, age
	}
	if age = s.waits(p); age < spare {
		return nil, 0, 0
	}
	return p, wp, age
}

// waits is how many eras n has been in probation, as far as there are lists of main.
func (s *List) waits(n *Node) uint8 { return uint8(min(s.era-n.era, eraLists-1)) }

// oldestOfMain returns what was gotten in the oldest era, or if nearly all that it met
// were gotten since they were dated, the one of these that it was longest ago for.
func (s *List) oldestOfMain(spare uint8) (*Node, uint64, uint8) {
	var met *Node
	var wMet uint64
	for l := &s.eras; l.some != 0; {
		// Of all eras the oldest is that of the list after the newest.
		after := int(s.era+1) % eraLists
		young := bits.TrailingZeros32(bits.RotateLeft32(l.some, -after))
		age := uint8(eraLists - 1 - young)
		if age < spare {
			break
		}
		at := (after + young) % eraLists
		n := l.lists[at].oldest
		if n == nil {
			l.some &^= 1 << at
			continue
		}
		if !s.step() {
			break
		}
		w := n.W.Load()
		if n == met {
			met = nil // gotten since
		}
		switch {
		case phaseOf(w) != Idle:
			s.setAside(n, w, false)
		case eraOf(w) != uint8(n.era) && s.choosy():
			l.lists[at].remove(n, byEra)
			s.dated(n, eraOf(w))
			if met == nil || int8(eraOf(w)-eraOf(wMet)) < 0 {
				met, wMet = n, w
			}
		case s.choosy() || met == nil:
			return n, w, age
		default:
			if age = s.ageOf(eraOf(wMet)); age < spare {
				return nil, 0, 0
			}
			return met, wMet, age
		}
	}
	return nil, 0, 0
}
