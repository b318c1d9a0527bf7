package evict

// pace estimates how many Gets there are to an eviction. Nobody counts the Gets
// of all, as those who get would have to share that count. Each resource counts
// its own in its word, and a search that meets it adds them to the total. What no
// search meets would keep its own for long, so one more of main is met with each
// eviction, in turn.
type pace struct {
	walker *Node   // the next of main to meet; nil for the oldest
	before uint64  // Gets, when rate was last looked at
	rate   float64 // Gets an eviction, that of the dial twice, over a quarter as many evictions as residents; 0 if unknown
}

// walk adds the uses of the next of main to the total.
func (s *List) walk() {
	n := s.walker
	if n == nil {
		if n = s.main.oldest; n == nil {
			return
		}
	}
	s.walker = n.links[byArrival].next
	w := n.W.Load()
	if phaseOf(w) == Idle && w&UsesMask != 0 && n.W.CompareAndSwap(w, w&^UsesMask) {
		s.fold(n, w)
	}
}

// measurePace is called every so many evictions. A dial counts twice, as a Get and as
// an eviction: with that the rules are told apart a little better.
func (s *List) measurePace(evictions uint64) {
	gets := s.uses + s.clock
	rate := float64(gets-s.before) / float64(evictions)
	s.before = gets
	if s.rate == 0 {
		s.rate = rate
	}
	s.rate += (rate - s.rate) * min(1, 4*float64(evictions)/float64(s.size()+1))
}

// nearness is from 64 for what is gotten again at once to 0; 32 after as many Gets
// as three times the residents. Not after so many evictions: where a rule
// dials more than another, evictions follow each other faster, so that its victims
// would seem to stay away for longer.
func (s *List) nearness(evictions uint64) uint64 {
	soon := soonGets * float64(s.size())
	return uint64(64 * soon / (soon + float64(evictions)*s.rate))
}

const soonGets = 3 // a resident
