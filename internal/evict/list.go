package evict

import (
	"sync"
	"sync/atomic"

	"github.com/slotpool/slotpool/internal/shard"
	"golang.org/x/sys/cpu"
)

// List has some of the residents of a pool. Its lock is held for a few hundred
// steps at the most, never while calling out, and never two at once but for
// the count of all residents, which takes all in order.
type List struct {
	_      cpu.CacheLinePad
	needed atomic.Uint32 // the era in which one of its addresses last had to evict
	rotor  atomic.Uint32 // which other list a search looks at
	_      cpu.CacheLinePad
	parked shard.Stack[Node, *Node] // newly parked, pushed without the lock

	pool   *Lists
	number uint8

	lock      sync.Mutex
	undrained shard.Chain[Node, *Node] // of parked, yet to become candidates
	busy      chain                    // in use, or claimed, when a search met them
	probation chain                    // candidates in order of arrival
	main      chain
	hand      *Node // the next of main to examine; nil for the oldest
	waiting   int   // length of probation
	residents int
	most      int    // residents, ever
	eras      eras   // of main
	era       uint16 // the newest that the list has heard of; the pool's has its lower half

	steps int // of the search under way
	epoch uint8
	// When, by the clock, the list begins a new era of the pool, and its own next epoch.
	eraEnds, epochEnds uint64
	scorer
	pace
	landlord
	memory
	census
	tally
}

// tally has the totals of a list.
type tally struct {
	uses      uint64 // of resources that left or were examined since
	evictions uint64
}

const (
	// How many steps a search makes while it holds the lock, and of these, for
	// how many it is choosy.
	mostSteps   = 256
	choosySteps = 192

	// How many of the newly parked become candidates at a time.
	mostDrained = 128

	epochs   = 8 // evictions a slot
	mostFreq = 15
)

func (s *List) init(p *Lists, i int) {
	s.pool, s.number = p, uint8(i)
	s.draws = firstDraw + uint64(i)*drawsApart
	s.landlord.init()
}

// size is the number of slots that the list has at the moment, for all that is
// counted in slots: what it forgets and when.
func (s *List) size() uint64 { return uint64(s.residents) }

// enrol makes n a resident and a candidate, as its mark already says. It is as
// recent as can be, though its word will say so only once it is allocated.
func (s *List) enrol(n *Node, slotWasFree bool) {
	if n.flags&keyed != 0 {
		s.recall(n)
	}
	returned := s.remembers(n)
	n.takenBy, n.number, n.flags = 0, s.number, n.flags&keyed|s.census.census
	n.stamp = uint32(s.clock)
	n.credit = fullCredit
	s.residents++
	if slotWasFree {
		s.filled()
	}
	if slotWasFree || returned {
		n.place = main
		s.main.pushNewest(n, byArrival)
		s.dated(n, uint8(s.era))
	} else {
		s.await(n)
	}
}

// await lets n wait in probation.
func (s *List) await(n *Node) {
	n.place, n.era = probation, s.era
	s.waiting++
	s.probation.pushNewest(n, byArrival)
}

// expel ends the residency of n and adds its uses to the total.
func (s *List) expel(n *Node) {
	if n.place == busy {
		s.unlink(&s.busy, n)
	} else {
		s.drop(n)
	}
	w := n.W.Load()
	for w&UsesMask != 0 && !n.W.CompareAndSwap(w, w&^UsesMask) {
		w = n.W.Load()
	}
	s.fold(n, w)
	s.gone(n)
}

// gone does what is left to do for one that is on no list any more.
func (s *List) gone(n *Node) {
	n.place = nowhere
	s.residents--
	if n.flags&keyed != 0 {
		s.keep(n)
	}
}

// drop takes n out of the candidates.
func (s *List) drop(n *Node) {
	if n.place == main {
		if s.hand == n {
			s.hand = n.links[byArrival].next
		}
		if s.walker == n {
			s.walker = n.links[byArrival].next
		}
		s.unlink(&s.main, n)
		s.undated(n)
	} else {
		s.waiting--
		s.unlink(&s.probation, n)
	}
}

// unlink takes n out of one of the three chains by arrival.
func (s *List) unlink(c *chain, n *Node) {
	if s.cursor == n {
		s.cursor = n.links[byArrival].next
	}
	c.remove(n, byArrival)
}

// promote moves n, gotten last in an era, from probation to the newest end of main.
func (s *List) promote(n *Node, era uint8) {
	s.drop(n)
	n.place = main
	s.main.pushNewest(n, byArrival)
	s.dated(n, era)
}

// setAside takes n, which w says is not idle, out of the candidates until a
// Put brings it back, so that no two searches pass it for one use.
func (s *List) setAside(n *Node, w uint64, byHand bool) {
	if !n.W.CompareAndSwap(w, w&^Listed) {
		return
	}
	n.flags &^= wasMain | passed
	if n.place == main {
		n.flags |= wasMain
	}
	if byHand {
		n.flags |= passed
	}
	s.makeBusy(n)
}

func (s *List) makeBusy(n *Node) {
	s.drop(n)
	n.place = busy
	s.busy.pushNewest(n, byArrival)
}

// restore makes a busy one a candidate again: of main if it was one, or was
// used again since it arrived. There it goes to the newest end or, if the hand
// had passed it when it was set aside, just behind the hand.
func (s *List) restore(n *Node) {
	w := n.W.Load()
	// A search met it in use since it was gotten: it is as recent as that.
	if phaseOf(w) == Idle {
		n.W.CompareAndSwap(w, w&^EraMask|uint64(uint8(s.era))*OneEra)
	}
	switch {
	case n.flags&wasMain == 0 && w&Reused == 0:
		s.await(n)
		return
	case n.flags&passed != 0 && s.hand != nil:
		n.place = main
		s.main.insertBefore(n, s.hand, byArrival)
	default:
		n.place = main
		s.main.pushNewest(n, byArrival)
	}
	s.dated(n, uint8(s.era))
}

// drain makes candidates of the newly parked, of whom there are none as a rule.
func (s *List) drain() {
	if !s.undrained.Empty() || !s.parked.Empty() {
		s.drainSome()
	}
}

// drainSome is drain, oldest first, unless there are very many.
//
// A resource can lie on the stack without being due to move: when it was put,
// it was marked listed before it was pushed, and in between it may have been
// gotten, released, even allocated again (E5). The mark says which it is, for
// it is read after the stack has let go of the resource: a Put that finds the
// resource still on the stack has set the mark before that.
func (s *List) drainSome() {
	var oldest *Node // of the drained, a list through next
	for range mostDrained {
		if s.undrained.Empty() {
			if s.undrained = s.parked.Detach(); s.undrained.Empty() {
				break
			}
		}
		n := s.undrained.Next()
		if n.place == busy && n.W.Load()&Listed != 0 {
			s.unlink(&s.busy, n)
			n.links[byArrival].next, oldest = oldest, n
		}
	}
	for n := oldest; n != nil; n = oldest {
		oldest = n.links[byArrival].next
		s.restore(n)
	}
}
