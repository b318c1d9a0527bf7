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
// slots. Slots go from shard to shard in two ways, for which one other shard is
// looked at each time: least-recent takes its victim where it is older, and what
// is dormant in a relaxed shard goes first, whatever the rule. Who is missed
// after all gets a slot back from the shard that took it.
func (p *pool) searchVictim(r *resource, swap bool) (victim *resource) {
	home, n := r.shard(), len(p.shards)
	if n == 1 {
		victim, _, _ = home.claim(noExpert, 0, r, swap)
		return victim
	}
	if victim = p.takeBack(r, swap); victim != nil {
		return victim
	}
	other := &p.shards[int(home.rotor.Add(1))&(n-1)]
	if victim = home.claimDormant(other, r, swap); victim != nil {
		return victim
	}
	victim, next, age := home.claim(noExpert, 0, r, swap)
	if victim == nil && next == leastRecent && age < dormantEras {
		victim = other.claimFor(r, next, age+1, swap)
	}
	for i := 0; victim == nil && i < n; i++ {
		victim = p.shards[(int(r.home)+i)&(n-1)].claimFor(r, next, 0, swap)
	}
	return victim
}

// A shard is relaxed if none of its addresses has needed another's slot for so
// many eras. What nobody has gotten for so many eras, about max evictions, is
// dormant.
const (
	relaxedEras = 4
	dormantEras = eraLists - 1

	// For how long a shard is not relaxed of which something was dormant and
	// yet was missed: about three times max evictions.
	missedEras = 100
)

// takeBack takes a slot from the shard that the slot of r went to when r was
// evicted, if it was for another shard.
func (p *pool) takeBack(r *resource, swap bool) *resource {
	if r.takenBy == 0 {
		return nil
	}
	by := &p.shards[r.takenBy-1]
	r.takenBy = 0
	if r.evictedBy == noExpert { // it was dormant
		r.shard().need(eraOf(p.era.Load()) + missedEras)
	}
	return by.claimFor(r, expert(p.board.best.Load()), 0, swap)
}

// claimDormant takes what is dormant in another shard that is relaxed, so that
// it does not stay for ever while the addresses of s push each other out. If
// there is nothing, the other counts as not relaxed for a while.
func (s *residents) claimDormant(other *residents, r *resource, swap bool) *resource {
	era := eraOf(r.pool.era.Load())
	s.need(era)
	if int8(era-uint8(other.needed.Load())) < relaxedEras {
		return nil // s is one of these
	}
	victim := other.claimFor(r, dormant, dormantEras, swap)
	if victim == nil {
		other.need(era)
	}
	return victim
}

// need says that the shard is not relaxed. It may be called without the lock.
func (s *residents) need(era uint8) {
	if int8(era-uint8(s.needed.Load())) > 0 {
		s.needed.Store(uint32(era))
	}
}

// claimFor is claim for an r that may be of another shard.
func (s *residents) claimFor(r *resource, e expert, spare uint8, swap bool) *resource {
	victim, _, _ := s.claim(e, spare, r, swap)
	if victim != nil && swap {
		r.admitElsewhere(s)
	}
	return victim
}

// claim takes a victim by the rule of e if any of the shard's resources is
// idle. If spare is not 0, least-recent finds only what was not gotten in so many
// eras. With noExpert claim chooses the rule, and says which. If that is
// least-recent and there are other shards, it takes nothing but says how many
// eras old the victim would be.
func (s *residents) claim(e expert, spare uint8, r *resource, swap bool) (victim *resource, by expert, age uint8) {
	s.lock.Lock()
	s.drain()
	s.advance(eraOf(r.pool.era.Load()))
	chosen := e
	if e == noExpert {
		chosen = s.scorer.choose()
	}
	if chosen == leastRecent && e == noExpert && len(r.pool.shards) > 1 {
		_, _, age = s.oldestIdle(0)
	} else {
		victim = s.follow(chosen, spare, r, swap)
	}
	s.lock.Unlock()
	return victim, chosen, age
}

// follow is claim by a rule that is known, with the lock held. Sieve stands in
// where the others know no victim: it alone looks at all, so that no idle
// resource is missed (I7).
func (s *residents) follow(e expert, spare uint8, r *resource, swap bool) (victim *resource) {
	switch e {
	case newest:
		victim = s.claimNewest()
	case leastRecent, dormant:
		if victim = s.claimLeastRecent(spare); victim == nil && spare > 0 {
			return nil
		}
		if e == dormant {
			e = noExpert // whose merit it is not
		}
	}
	if victim == nil {
		e = sieve
		if victim = s.claimSieve(); victim == nil {
			return nil
		}
	}
	s.scorer.evicted(victim, e)
	victim.takenBy = 0
	if home := r.shard(); s != home {
		victim.takenBy = home.number
	}
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
