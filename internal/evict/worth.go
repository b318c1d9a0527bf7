package evict

// This file claims candidates, and says what they are worth.

// claim claims n, which w says is idle and an expert has named, or what is cheaper
// of those named before; nil if n is worth more than that, or the word changed (E3).
//
// An expert that looks at several may have set n aside after it had read w. A Get and a Put since show
// in the word, but not a release that was taken back: so the place is looked at too (E4).
func (s *List) claim(n *Node, w uint64) *Node {
	if s.steps++; s.steps > mostSteps || n.place == busy {
		return nil
	}
	if n.cost != 0 {
		if !s.pays(n, w) {
			return nil
		}
		if s.spared != 0 {
			if c := s.claimCheapest(n); c != nil {
				return c
			}
		}
	}
	if !n.W.CompareAndSwap(w, takenFrom(w)) {
		return nil
	}
	s.fold(n, w)
	return n
}

// take claims n and adds its uses to the total. It fails if the word changed (E3).
func (s *List) take(n *Node, w uint64) bool {
	if !n.W.CompareAndSwap(w, takenFrom(w)) {
		return false
	}
	s.fold(n, w)
	return true
}

func takenFrom(w uint64) uint64 { return w&^(PhaseMask|Listed|UsesMask) | Claimed }

// unmark clears the mark of being reused.
func (s *List) unmark(n *Node, w uint64) bool {
	if !n.W.CompareAndSwap(w, w&^(Reused|UsesMask)) {
		return false
	}
	s.fold(n, w)
	n.credit = fullCredit
	return true
}

// freq returns how often n was used, of late more than long ago.
func (s *List) freq(n *Node, w uint64) uint8 {
	f := uint32(n.freq)
	if s.epoch != n.epoch {
		f >>= s.epoch - n.epoch
	}
	if f += uint32(usesOf(w)); f > mostFreq {
		f = mostFreq
	}
	return uint8(f)
}

// fold moves the uses that w counts from the word, which has none any more, to
// the frequency and to the total.
func (s *List) fold(n *Node, w uint64) {
	n.freq = s.freq(n, w)
	n.epoch = s.epoch
	if uses := usesOf(w); uses != 0 {
		s.uses += uses
		n.folded.Add(uint32(uses))
	}
}

// outweighs reports whether n, used as often as it was, is worth clearly more than m,
// or more at all: how often each was used counts as many times as its Allocate
// cost more than the other's. Clearly is by a quarter, which allows for the faults that
// fading leaves in high frequencies.
func (s *List) outweighs(n *Node, w uint64, m *Node, wm uint64, clearly bool) bool {
	a, b := uint64(s.freq(n, w)), uint64(s.freq(m, wm))
	if n.cost != m.cost {
		if x, y := s.pool.noise.worth(n.cost), s.pool.noise.worth(m.cost); x > y {
			a <<= min(x-y, mostDearer)
		} else {
			b <<= min(y-x, mostDearer)
		}
	}
	if clearly {
		b += b / 4
	}
	return a > b
}

// mostDearer is the power of two of the largest difference in cost that counts.
const mostDearer = 40
