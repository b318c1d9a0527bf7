package evict

import "sync/atomic"

// Lists are the residents of a pool, in a power of two of lists. More may be
// added, never taken away: what is too many for the slots takes in no more residents.
type Lists struct {
	era   atomic.Uint64 // where it stands in a state word; each Get loads it
	slots atomic.Uint64
	board scoreboard
	all   atomic.Pointer[[]*List]
	homes atomic.Pointer[[]*List] // the first of these, which take in residents: a power of two
	keyOf func(*Node) uint64

	cheapest atomic.Uint32 // cost of an Allocate so far
	noise    noise

	counting counting
}

// Init makes a Lists for so many slots with n lists. keyOf tells the hash of the
// address that a node stands for, of those for which Remember was called; it may
// be nil if there are none. It is called with a lock held.
func (p *Lists) Init(slots uint64, n int, keyOf func(*Node) uint64) {
	p.keyOf = keyOf
	p.board.init()
	p.cheapest.Store(63)
	p.slots.Store(slots)
	p.Spread(n)
}

// Spread spreads the residents to come over n lists, a power of two, and adds lists if
// there are fewer. It must not be called concurrently with itself. What is a resident
// stays where it is until it leaves. A few slots in many lists are not much better
// than evicting at random.
func (p *Lists) Spread(n int) {
	var all []*List
	if old := p.all.Load(); old != nil {
		all = append(all, *old...)
	}
	for len(all) < n {
		s := &List{}
		s.init(p, len(all))
		s.eraEnds = p.anEra() * uint64(len(all)+1) / uint64(n) // not all at once
		all = append(all, s)
	}
	p.all.Store(&all)
	homes := all[:n]
	p.homes.Store(&homes)
}

// Resize tells of another number of slots. All that is counted in slots follows
// from then on.
func (p *Lists) Resize(slots uint64) { p.slots.Store(slots) }

// Era returns the era as it stands in a state word.
func (p *Lists) Era() uint64 { return p.era.Load() }

// nextEra begins a new era. Two at once may make one of it, but never go back.
func (p *Lists) nextEra() {
	era := p.era.Load()
	p.era.CompareAndSwap(era, (era+OneEra)&EraMask)
}

// listOf returns the list that n is a resident of, or was last.
func (p *Lists) listOf(n *Node) *List { return (*p.all.Load())[n.number] }

// home returns the list that n, which is no resident, would be one of. That is
// home's, unless n still lies on the stack of the parked of the list that it was
// a resident of last: nobody would look for it there.
func (p *Lists) home(n *Node, home int) *List {
	if n.parked.Linked() {
		return p.listOf(n)
	}
	homes := *p.homes.Load()
	return homes[home&(len(homes)-1)]
}

// Admit makes n, which seeks a slot and has just been given a free one, a
// resident and a candidate, as its mark already says (E5).
func (p *Lists) Admit(n *Node, home int) { p.home(n, home).admit(n, true) }

func (s *List) admit(n *Node, slotWasFree bool) {
	s.lock.Lock()
	s.enrol(n, slotWasFree)
	s.lock.Unlock()
}

// Leave ends the residency of n.
func (p *Lists) Leave(n *Node) {
	s := p.listOf(n)
	s.lock.Lock()
	s.drain() // so that the stack does not keep what the program has dropped
	s.expel(n)
	s.lock.Unlock()
}

// Replace makes n, which seeks a slot, a resident in the place of a victim.
func (p *Lists) Replace(victim, n *Node, home int) {
	s, to := p.listOf(victim), p.home(n, home)
	s.lock.Lock()
	s.drain()
	s.expel(victim)
	s.evictions++
	if s == to {
		s.enrol(n, false)
	}
	s.lock.Unlock()
	if s != to {
		to.admit(n, false)
	}
}

// Evicted ends the residency of a victim whose slot goes to another pool.
func (p *Lists) Evicted(victim *Node) {
	s := p.listOf(victim)
	s.lock.Lock()
	s.drain()
	s.expel(victim)
	s.evictions++
	s.lock.Unlock()
}

// AdmitFor is Admit for an n whose slot was another pool's victim's.
func (p *Lists) AdmitFor(n *Node, home int) { p.home(n, home).admit(n, false) }

// Park says that n was put back and is listed from now on.
func (p *Lists) Park(n *Node) { p.listOf(n).parked.Push(n) }
