package evict

// This file decides in which list to look for a victim. The rules are in
// rule.go, the choice among them in learn.go.

// Claim finds an idle resource, whose slot n can have, and claims it; nil if
// it met none. The victim stays a resident.
func (p *Lists) Claim(n *Node, home int) *Node { return p.search(n, home, false) }

// Swap is Claim for an n that is sure to use the slot: it becomes a resident
// in the victim's place, which with most victims is one lock for all that an
// eviction changes.
func (p *Lists) Swap(n *Node, home int) *Node { return p.search(n, home, true) }

// search looks in n's own list first: among the addresses of one hash there is as
// good a victim as anywhere, and each list keeps its share of the slots. Slots
// go from list to list in two ways, for which one other list is looked at each
// time: least-recent takes its victim where it is older, and what is dormant in
// a relaxed list goes first, whatever the rule. Who is missed after all gets a
// slot back from the list that took it.
func (p *Lists) search(n *Node, at int, swap bool) (victim *Node) {
	all, home := *p.all.Load(), p.home(n, at)
	if len(all) == 1 {
		victim, _, _ = home.find(none, 0, n, home, swap)
		return victim
	}
	if victim = home.takeBack(all, n, swap); victim != nil {
		return victim
	}
	other := all[int(home.rotor.Add(1))&(len(all)-1)]
	if victim = home.claimDormant(other, n, swap); victim != nil {
		return victim
	}
	victim, next, age := home.find(none, 0, n, home, swap)
	if victim == nil && next == leastRecent && age < dormantEras {
		victim = other.findFor(home, n, next, age+1, swap)
	}
	for i := 0; victim == nil && i < len(all); i++ {
		victim = all[(int(home.number)+i)&(len(all)-1)].findFor(home, n, next, 0, swap)
	}
	return victim
}

// A list is relaxed if none of its addresses has needed another's slot for so
// many eras. What nobody has gotten for so many eras, about as many arrivals
// as there are slots, is dormant.
const (
	relaxedEras = 4
	dormantEras = eraLists - 1

	// For how long a list is not relaxed of which something was dormant and
	// yet was missed: about three times as many evictions as there are slots.
	missedEras = 100
)

// takeBack takes a slot from the list that the slot of n went to when n was
// evicted, if it was for another list.
func (s *List) takeBack(all []*List, n *Node, swap bool) *Node {
	if n.takenBy == 0 {
		return nil
	}
	by := all[n.takenBy-1]
	n.takenBy = 0
	if n.by == dormant {
		s.need(eraOf(s.pool.era.Load()) + missedEras)
	}
	return by.findFor(s, n, expert(s.pool.board.best.Load()), 0, swap)
}

// claimDormant takes what is dormant in another list that is relaxed, so that
// it does not stay for ever while the addresses of s push each other out. If
// there is nothing, the other counts as not relaxed for a while.
func (s *List) claimDormant(other *List, n *Node, swap bool) *Node {
	era := eraOf(s.pool.era.Load())
	s.need(era)
	if int8(era-uint8(other.needed.Load())) < relaxedEras {
		return nil // s is one of these
	}
	victim := other.findFor(s, n, dormant, dormantEras, swap)
	if victim == nil {
		other.need(era)
	}
	return victim
}

// need says that the list is not relaxed. It may be called without the lock.
func (s *List) need(era uint8) {
	if int8(era-uint8(s.needed.Load())) > 0 {
		s.needed.Store(uint32(era))
	}
}

// findFor is find for an n that may be of another list.
func (s *List) findFor(home *List, n *Node, e expert, spare uint8, swap bool) *Node {
	victim, _, _ := s.find(e, spare, n, home, swap)
	if victim != nil && swap && s != home {
		home.admit(n, false)
	}
	return victim
}

// find takes a victim by the rule of e if any of the list's resources is idle.
// If spare is not 0, least-recent finds only what was not gotten in so many
// eras. With none find chooses the rule, and says which. If that is least-recent
// and there are other lists, it takes nothing but says how many eras old the
// victim would be.
func (s *List) find(e expert, spare uint8, n *Node, home *List, swap bool) (victim *Node, by expert, age uint8) {
	s.lock.Lock()
	s.catchUp()
	if s.offered = 0; s != home && home != nil {
		s.offered = home.price.Load()
	}
	if e == none {
		if e = s.choose(); e == leastRecent && len(*s.pool.all.Load()) > 1 {
			s.steps = 0
			_, _, age = s.oldestIdle(0)
			s.lock.Unlock()
			return nil, e, age
		}
	}
	for {
		if victim, by = s.follow(e, spare); victim != nil {
			s.settle(victim, by, n, home, swap)
			break
		}
		if spare != 0 || s.steps < mostSteps && s.undrained.Empty() {
			break
		}
		s.lock.Unlock() // for who waits for it
		s.lock.Lock()
		s.catchUp()
	}
	s.lock.Unlock()
	return victim, e, 0
}

// catchUp makes candidates of the newly parked and learns of a new era, of which
// there are none as a rule.
func (s *List) catchUp() {
	if era := eraOf(s.pool.era.Load()); era != uint8(s.era) || !s.undrained.Empty() || !s.parked.Empty() {
		s.drainSome()
		s.advance(era)
	}
}

// settle does what follows from the choice of a victim.
func (s *List) settle(victim *Node, by expert, n *Node, home *List, swap bool) {
	if victim.cost != 0 {
		s.charged(victim)
	}
	s.evicted(victim, by)
	victim.takenBy = 0
	if s != home && home != nil {
		victim.takenBy = home.number + 1
	}
	if !swap {
		s.makeBusy(victim)
		return
	}
	s.drop(victim) // all that expel does: its uses have been taken
	s.gone(victim)
	s.evictions++
	if s == home {
		s.enrol(n, false)
	}
}

// ClaimIdle claims an idle resource whose slot is wanted by nobody in these
// lists: for another pool, or for none. It is the one that the rule values least in
// one of the lists, in turn; nil if it met none. It stays a resident.
func (p *Lists) ClaimIdle() *Node {
	all := *p.all.Load()
	first := int(all[0].rotor.Add(1))
	for i := range all {
		s := all[(first+i)&(len(all)-1)]
		if victim := s.findFor(nil, nil, expert(p.board.best.Load()), 0, false); victim != nil {
			return victim
		}
	}
	return nil
}

// SetAside makes the pass over what is in use that a search would have to make, up
// to the first idle one: for who is about to search with a lock held for which
// others wait.
func (p *Lists) SetAside() {
	for _, s := range *p.all.Load() {
		for more := true; more; {
			s.lock.Lock()
			s.drain()
			more = s.setAsideSome() || !s.undrained.Empty()
			s.lock.Unlock()
		}
	}
}

// setAsideSome reports whether there may be more.
func (s *List) setAsideSome() bool {
	for s.steps = 0; s.step(); {
		n, byHand := s.probation.oldest, false
		if n == nil {
			if n, byHand = s.hand, true; n == nil {
				n = s.main.oldest
			}
		}
		if n == nil {
			return false
		}
		w := n.W.Load()
		if phaseOf(w) == Idle {
			return false
		}
		s.setAside(n, w, byHand)
	}
	return true
}
