package resourcepool

// This file is the choice of whose slot to take, behind two functions:
// claimVictim, which a Get calls when no slot is free, and rule.forget.
// The rule is SIEVE: a hand goes over the parked resources from old to new,
// passes those that were reused since it came by last, clearing their mark,
// and takes the first that was not.

// rule is what a shard remembers between choices. Its lock guards it.
type rule struct {
	hand *resource // the next to examine; nil for the oldest
}

func (l *rule) forget(r *resource) {
	if l.hand == r {
		l.hand = r.next
	}
}

// claimVictim finds an idle resource and makes it releasing; nil if it met
// none. It begins with another shard each time, so that the shards lose slots
// at an even rate.
func (p *pool) claimVictim() *resource {
	start := p.rotor.Add(1)
	for i := range p.shards {
		s := &p.shards[(start+uint64(i))%uint64(len(p.shards))]
		if r := s.claim(); r != nil {
			return r
		}
	}
	return nil
}

// claim takes this shard's victim. Each step either clears a mark that a Get
// set, or moves a resource that is in use out of the order list, where a Put
// brings it back; so the steps are paid for by Gets and Puts.
func (s *residents) claim() *resource {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.drain()
	for s.order.length > 0 {
		r := s.rule.hand
		if r == nil {
			r = s.order.oldest
		}
		w := r.state.w.Load()
		switch {
		case phaseOf(w) != phaseIdle:
			if r.state.w.CompareAndSwap(w, w&^markListed) {
				s.remove(r)
				s.busy.pushNewest(r)
			}
		case w&markReused != 0:
			if r.state.w.CompareAndSwap(w, w&^markReused) {
				s.rule.hand = r.next
			}
		default:
			if r.state.w.CompareAndSwap(w, inPhase(w, phaseReleasing)&^markListed) {
				s.remove(r)
				s.busy.pushNewest(r)
				return r
			}
		}
	}
	return nil
}
