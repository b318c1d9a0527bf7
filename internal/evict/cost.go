package evict

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// An Allocate may cost a thousand times what another does, and it is the total
// that matters. So each resident has credit, at first as much as its last
// Allocate cost. One that an expert names for eviction pays: if it has more than
// is asked for it is spared, and the next one is named. Being used again gives
// it its credit back, when a search notices. This is the landlord algorithm
// (Young, 2002) with the rules of this package to say who pays next.
//
// When one cannot pay, the cheapest of all that the search has named goes, the
// first of them if they are equal. Where nearly all are equally dear, that is
// mostly the one that the expert named at first.
//
// What is asked for follows from how many are spared: a little more after a
// search that spared several, a little less after others, and never less than
// what the cheapest of the latest victims cost, so that equal costs change
// nothing (E6). For the search under way it rises with each, so that it ends. Costs are rounded
// to powers of two, and drawn to the mean as far as they are noise.
type landlord struct {
	asked   uint64 // nanoseconds
	least   uint8  // cost among the victims of the current and
	last    uint8  // of the last window: what it is worth is for the noise to say, now
	victims uint8  // in the current window
	mean    uint64 // cost of Allocates, of late

	price atomic.Uint64 // what is asked, for other lists to read

	// Of the search under way:
	spared   int
	base     uint64 // what is asked of the first
	raised   uint64 // what is asked by now, if several were spared
	offered  uint64 // what is asked in the list that the slot is for, if another
	cheapest *Node  // that was spared
	itsCost  uint64
}

const (
	fullCredit = 1<<16 - 1
	unknown    = ^uint8(0) // cost
	window     = 64        // victims
	rise       = 10        // a tenth, with each spared after the first, and after a search that spared several
	fall       = 200
	mostDear   = 100
	mostCost   = 47 // 39 hours: what of it is left is told in 64 bits
	meanOver   = 64 // Allocates
)

func (l *landlord) init() { l.least, l.last = unknown, unknown }

// costOf rounds a duration to a power of two, of which it returns the exponent.
// What takes less than a microsecond is no dial, but free: it costs 0.
func costOf(took time.Duration) uint8 {
	if took < time.Microsecond {
		return 0
	}
	d := uint64(took)
	k := uint8(bits.Len64(d) - 1)
	if d>>(k-1)&1 != 0 { // at least one and a half times the power
		k++
	}
	return min(k, mostCost)
}

// pays makes n, which is named for eviction, pay, and reports whether it has
// nothing left and the search ends.
func (s *List) pays(n *Node, w uint64) bool {
	k := s.pool.noise.worth(n.cost)
	cost := uint64(1) << k
	credit := uint64(n.credit) << max(k, 16) >> 16 >> (max(k, 16) - k)
	s.base = max(s.asked, s.floor())
	asked := max(s.base, s.raised, s.offered)
	if credit <= asked || !s.choosy() {
		return true
	}
	if !n.W.CompareAndSwap(w, w&^EraMask|uint64(uint8(s.era))*OneEra) {
		return false
	}
	n.credit -= uint16(min(max(asked<<16/cost, 1), uint64(n.credit)))
	if s.spared++; s.spared > 1 {
		s.raised = asked + asked/rise
	}
	if s.cheapest == nil || cost < s.itsCost {
		s.cheapest, s.itsCost = n, cost
	}
	s.spare(n)
	return false
}

// claimCheapest claims the cheapest of those that the search has spared, if n is no
// cheaper.
//
// Get against this: what was gotten since is in use, or has the mark of being reused if it was
// put again, and stays; if the Get comes after the look, the swap fails. What was released since
// is not idle, and no resident leaves while the list is locked. What this search has set aside
// meanwhile may be idle again, and without the mark, if a release was taken back: its place tells.
func (s *List) claimCheapest(n *Node) *Node {
	c := s.cheapest
	if s.worth(n) < s.itsCost {
		return nil
	}
	if w := c.W.Load(); c.place != busy && phaseOf(w) == Idle && w&Reused == 0 && s.take(c, w) {
		return c
	}
	return nil
}

// begin forgets the search before, which the lock may have been let go since: what
// was spared then may have left.
func (l *landlord) begin() { l.spared, l.raised, l.cheapest = 0, 0, nil }

// floor is the least that is asked for. Before there were victims enough it is what
// the cheapest Allocate of the pool has cost.
func (s *List) floor() uint64 {
	least := min(s.least, s.last)
	if s.last == unknown {
		least = min(s.least, uint8(s.pool.cheapest.Load()))
	}
	return 1 << s.pool.noise.worth(least)
}

// spare treats n like one that was just used, and that the hand has passed.
func (s *List) spare(n *Node) {
	if s.hand == nil {
		s.hand = s.main.oldest
	}
	if s.hand == n {
		s.hand = n.links[byArrival].next
	}
	s.drop(n)
	n.place = main
	if s.hand != nil {
		s.main.insertBefore(n, s.hand, byArrival)
	} else {
		s.main.pushNewest(n, byArrival)
	}
	s.dated(n, uint8(s.era))
}

// charged follows the choice of a victim.
func (s *List) charged(n *Node) {
	s.least = min(s.least, n.cost)
	s.asked = max(s.asked, s.base)
	if s.spared > 1 {
		s.asked += s.asked/rise + 1
	} else {
		s.asked -= s.asked / fall
	}
	s.price.Store(s.asked)
	if s.victims++; s.victims == window {
		s.victims, s.last, s.least = 0, s.least, unknown
	}
}

// dear weighs a regret by what it costs to have been wrong.
func (s *List) dear(n *Node, regret uint64) uint64 {
	cost := s.worth(n)
	if s.mean == 0 {
		s.mean = cost
	}
	s.mean += uint64(int64(cost-s.mean) / meanOver)
	s.mean = max(s.mean, 1)
	switch {
	case cost == s.mean:
		return regret
	case cost >= mostDear*s.mean:
		return mostDear * regret
	}
	return uint64(float64(regret) * float64(cost) / float64(s.mean))
}

// Took says how long the first Allocate of n's residency has taken. It needs no
// lock, as no search looks at the cost of one that has not been idle yet.
func (p *Lists) Took(n *Node, d time.Duration) {
	cost := costOf(d)
	p.noise.learn(n.cost, cost)
	n.cost = cost
	if old := p.cheapest.Load(); n.cost != 0 && uint32(n.cost) < old {
		p.cheapest.CompareAndSwap(old, uint32(n.cost))
	}
}

// Free reports whether the last Allocate of n, if there was one, was so fast that
// a clock would cost more.
func (n *Node) Free() bool { return n.cost == 0 }

// TookAgain says how long a later Allocate has taken, of a renewal.
func (p *Lists) TookAgain(n *Node, d time.Duration) {
	s := p.listOf(n)
	cost := costOf(d)
	s.lock.Lock()
	p.noise.learn(n.cost, cost)
	n.cost = cost
	s.lock.Unlock()
}
