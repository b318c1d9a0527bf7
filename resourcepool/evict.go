package resourcepool

// This file finds a slot to take when none is free: which shard, and under
// which rule. The rules are in rule.go, the choice among them in learn.go.

// claimVictim finds an idle resource for r and makes it releasing; nil if it
// met none. The victim stays a resident.
func (p *pool) claimVictim(r *resource) *resource { return p.searchVictim(r, false) }

// swapVictim is claimVictim for an r that is sure to use the slot: it becomes
// a resident in the victim's place, which with most victims is one lock for
// all that an eviction changes.
func (p *pool) swapVictim(r *resource) *resource { return p.searchVictim(r, true) }

// Sieve and newest look in r's own shard first: among the addresses of one hash
// there is as good a victim as anywhere, and each shard keeps its share of the
// slots. Least-recent compares with another shard each time, so that a shard
// whose addresses are used less by now loses its slots to the others.
func (p *pool) searchVictim(r *resource, swap bool) *resource {
	home, n := r.shard(), len(p.shards)
	victim, next := home.claim(noExpert, r, swap)
	if next == noExpert {
		return victim
	}
	start := int(r.home)
	if next == leastRecent {
		start = p.longerUnused(start&(n-1), int(p.rotor.Add(1))&(n-1))
	}
	for i := 0; victim == nil && i < n; i++ {
		s := &p.shards[(start+i)&(n-1)]
		if victim, _ = s.claim(next, r, swap); victim != nil && swap {
			r.admitElsewhere(s)
		}
	}
	return victim
}

// longerUnused names the one of two shards that has the older eras, as far as
// they have told; of equals the second, for the sake of balance.
func (p *pool) longerUnused(a, b int) int {
	era := eraOf(p.era.Load())
	if era-uint8(p.shards[a].oldestEra.Load()) > era-uint8(p.shards[b].oldestEra.Load()) {
		return a
	}
	return b
}

// claim takes a victim by the rule of e if any of the shard's resources is
// idle. With noExpert it chooses the rule; if that is to be followed in another
// shard, it is next.
func (s *residents) claim(e expert, r *resource, swap bool) (victim *resource, next expert) {
	many := len(r.pool.shards) > 1
	s.lock.Lock()
	chosen := e
	if e == noExpert {
		chosen = s.scorer.choose()
	}
	if chosen == e || chosen != leastRecent || !many {
		victim = s.follow(chosen, r, swap)
	}
	s.lock.Unlock()
	if victim == nil && many {
		next = chosen
	}
	return victim, next
}

// follow is claim by a rule that is known, with the lock held. Sieve stands in
// where the others know no victim: it alone looks at all, so that no idle
// resource is missed (I7).
func (s *residents) follow(e expert, r *resource, swap bool) (victim *resource) {
	s.drain()
	s.advance(eraOf(r.pool.era.Load()))
	switch e {
	case newest:
		victim = s.claimNewest()
	case leastRecent:
		victim = s.claimLeastRecent()
	}
	if victim == nil {
		e = sieve
		if victim = s.claimSieve(); victim == nil {
			return nil
		}
	}
	s.scorer.evicted(victim, e)
	if s.eraLeft--; s.eraLeft == 0 {
		s.eraLeft = s.eraTime
		r.pool.nextEra()
	}
	if swap {
		s.candidates.remove(victim) // all that expel does: its uses have been taken
		victim.place = nowhere
		s.evictedFor(r)
	} else {
		s.makeBusy(victim)
	}
	return victim
}

// take claims r, which w says is idle, and adds its uses to the total. It
// fails if the word changed. The one who called for the search moves r.
func (s *residents) take(r *resource, w uint64) bool {
	if !r.state.w.CompareAndSwap(w, inPhase(w, phaseReleasing)&^(markListed|usesMask)) {
		return false
	}
	s.uses += usesOf(w)
	return true
}

// setAside takes r, which w says is not idle, out of the candidates until a
// Put brings it back, so that no two searches pass it for one use.
func (s *residents) setAside(r *resource, w uint64, by expert) {
	if r.state.w.CompareAndSwap(w, w&^markListed) {
		s.makeBusy(r)
		r.spared = by == sieve
	}
}
