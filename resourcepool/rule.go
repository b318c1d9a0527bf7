package resourcepool

// Three experts, each of which knows a victim in O(1) amortised: every step
// of a search that does not end it either undoes what a Get or a Put did (a
// mark, a newer era, being in use), or is one of a fixed number.
//
// Sieve and newest share the order list, of the idle in order of arrival.
// Least-recent has lists by era: the pool's clock, which ticks with evictions,
// cut into pieces of a 32nd of the slots. A Get writes the era into the state
// word, and only a search that meets the resource moves it. One that was in use
// when a search met it is dated anew when it comes back.
type expert uint8

const (
	noExpert    expert = iota
	sieve              // a hand spares, in order, what was reused since it came by
	newest             // of what was not reused, what arrived last: for loops and scans
	leastRecent        // what was gotten in the oldest era: for hot sets that move
	experts

	dormant // for least-recent when the choice is nobody's merit
)

const (
	eraLists   = 32
	minEra     = 4  // evictions
	newestLook = 16 // how far newest looks beyond what was reused

	// How many a search spares or moves at the most, which bounds how long it
	// holds the lock. A larger list would be no better a sample.
	mostSpared = 4096
)

// candidates are the resources of a shard that were idle when last looked at.
type candidates struct {
	order list
	hand  *resource // the next for sieve to examine; nil for the oldest
	eras  [eraLists]list
	era   uint8 // the newest era that has a list

	// Every list of a pool begins a new era after as many evictions of its
	// own as there are slots in a 32nd of the pool.
	eraTime, eraLeft uint64
}

// residency is a resource's place among the residents of its shard.
type residency struct {
	links  [2]links // in order or busy; in one of eras
	era    uint8    // of the list it is in, or was when that list still was
	place  place
	spared bool // set aside by sieve, whose hand has passed it
}

type place uint8

const (
	nowhere place = iota // without a slot
	isBusy
	isCandidate
)

// insert adds r as a candidate, at the newest end or, if the hand had passed it
// when it was set aside, just behind the hand.
func (c *candidates) insert(r *resource) {
	r.place = isCandidate
	if r.spared && c.hand != nil {
		c.order.insertBefore(r, c.hand, byArrival)
	} else {
		c.order.pushNewest(r, byArrival)
	}
	// A search met it in use since it was gotten: it is as recent as that.
	w := r.state.w.Load()
	if phaseOf(w) == phaseIdle {
		r.state.w.CompareAndSwap(w, w&^eraMask|uint64(c.era)*oneEra)
	}
	c.dated(r, c.era)
}

func (c *candidates) remove(r *resource) {
	if c.hand == r {
		c.hand = r.links[byArrival].next
	}
	c.order.remove(r, byArrival)
	c.undated(r)
}

// dated puts r on the list of an era.
func (c *candidates) dated(r *resource, era uint8) {
	r.era = era
	c.eras[c.listOf(era)].pushNewest(r, byEra)
}

// listOf returns the list of an era, which is the oldest list if the era has
// none any more, and the newest if this shard has not heard of the era yet.
func (c *candidates) listOf(era uint8) uint8 {
	age := int8(c.era - era)
	return (c.era - uint8(min(max(age, 0), eraLists-1))) % eraLists
}

// undated takes r off its list, for which it matters which one that is only if
// r is at an end of it. Where it should be is where it is, unless its era was
// unheard of, or is so old that its number has come round.
func (c *candidates) undated(r *resource) {
	l, at := r.links[byEra], c.listOf(r.era)
	if l.prev == nil || l.next == nil {
		for c.eras[at].oldest != r && c.eras[at].newest != r {
			at = (at + 1) % eraLists
		}
	}
	c.eras[at].remove(r, byEra)
}

// advance opens lists up to that of era. The list that each takes over is the
// oldest, whose resources go before those of the next oldest.
func (c *candidates) advance(era uint8) {
	for int8(era-c.era) > 0 {
		c.era++
		c.eras[(c.era+1)%eraLists].prepend(&c.eras[c.era%eraLists], byEra)
	}
}

func (s *residents) claimSieve() *resource {
	for spared := 0; ; {
		r := s.hand
		if r == nil {
			r = s.order.oldest
		}
		if r == nil {
			return nil
		}
		w := r.state.w.Load()
		switch {
		case phaseOf(w) != phaseIdle:
			s.setAside(r, w, sieve)
		case w&markReused != 0 && spared < mostSpared:
			if r.state.w.CompareAndSwap(w, w&^markReused) {
				s.hand = r.links[byArrival].next
				spared++
			}
		case s.take(r, w):
			return r
		}
	}
}

func (s *residents) claimNewest() *resource {
	r := s.order.newest
	for looked := 0; r != nil && looked < newestLook; {
		w, older := r.state.w.Load(), r.links[byArrival].prev
		switch {
		case phaseOf(w) != phaseIdle:
			s.setAside(r, w, newest)
		case w&markReused != 0:
			looked++
		case s.take(r, w):
			return r
		}
		r = older
	}
	return nil
}

// claimLeastRecent leaves alone what was gotten in the last spare eras.
func (s *residents) claimLeastRecent(spare uint8) *resource {
	for {
		r, w, _ := s.oldestIdle(spare)
		if r == nil || s.take(r, w) {
			return r
		}
	}
}

// oldestIdle finds what was gotten in the oldest era but is in no later one than
// spare ago, its word, and its age in eras.
func (s *residents) oldestIdle(spare uint8) (r *resource, w uint64, age uint8) {
	moved := 0
	for age = eraLists - 1; age >= spare; age-- {
		at := &s.eras[(s.era-age)%eraLists]
		for at.oldest != nil {
			r = at.oldest
			w = r.state.w.Load()
			switch {
			case phaseOf(w) != phaseIdle:
				s.setAside(r, w, leastRecent)
			case eraOf(w) != r.era:
				if moved++; moved > mostSpared {
					return nil, 0, 0
				}
				at.remove(r, byEra)
				s.dated(r, eraOf(w))
			default:
				return r, w, age
			}
		}
		if age == 0 {
			break
		}
	}
	return nil, 0, 0
}
