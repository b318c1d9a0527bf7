package resourcepool

import (
	"sync"
	"sync/atomic"

	"github.com/slotpool/slotpool/internal/shard"
	"golang.org/x/sys/cpu"
)

// residents are the resources of one shard that have a slot, each from just
// before its Allocate to just after its Release. The lock is held for a few
// pointers' time, never while calling out, and never two at once but for
// Stats, which takes all in order.
type residents struct {
	_      cpu.CacheLinePad
	needed atomic.Uint32 // the era in which one of its addresses last had to evict
	_      cpu.CacheLinePad
	parked shard.Stack[resource, *resource] // newly parked, pushed without the lock

	number uint8 // of the shard, from 1

	lock       sync.Mutex
	busy       list // in use, or releasing, when a search met them
	candidates      // the others
	scorer
	tally

	rotor    atomic.Uint32 // which other shard a search looks at
	lateUses atomic.Uint64 // uses that overflowed their field in a state word
	renewed  atomic.Uint64
}

// tally has the totals of a shard that change with its residents.
type tally struct {
	uses      uint64 // of resources that left or were examined since
	admitted  uint64
	failed    uint64 // of these, how many failed to allocate
	withdrawn uint64 // and how many never came to try
	evictions uint64
}

// A departure is how a residency ends.
type departure uint8

const (
	stays departure = iota // it does not
	byRelease
	byFailure   // of Allocate
	unallocated // Allocate was not even called
)

func (s *residents) init(p *pool, i int) {
	s.number = uint8(i + 1)
	s.scorer.init(uint64(p.max)/uint64(len(p.shards)), &p.board)
	s.eraTime = uint64(p.max)/eraLists + minEra
	s.eraLeft = s.eraTime
}

// admit makes r, which seeks a slot and has just been given one, a resident
// and a candidate, as its mark already says (I4).
func (s *residents) admit(r *resource) {
	s.lock.Lock()
	s.enrol(r)
	s.lock.Unlock()
}

// enrol is admit with the lock held. r is as recent as can be, though its word
// will say so only once it is allocated.
func (s *residents) enrol(r *resource) {
	s.scorer.redialled(r)
	r.takenBy = 0
	s.admitted++
	r.place = isCandidate
	r.spared = false
	s.order.pushNewest(r, byArrival)
	s.dated(r, s.era)
}

// leave ends the residency of r.
func (s *residents) leave(r *resource, how departure) {
	s.lock.Lock()
	s.drain() // so that the stack does not keep what the program has dropped
	switch how {
	case byFailure:
		s.failed++
	case unallocated:
		s.withdrawn++
	}
	s.expel(r)
	s.lock.Unlock()
}

// replace makes r, which seeks a slot, a resident in the place of a victim.
func (r *resource) replace(victim *resource) {
	s := victim.shard()
	s.lock.Lock()
	s.drain()
	s.expel(victim)
	s.evictedFor(r)
	s.lock.Unlock()
	r.admitElsewhere(s)
}

// evictedFor counts an eviction in the shard, whose lock is held, for r. If r has
// another one, admitElsewhere follows when the lock is no longer held.
func (s *residents) evictedFor(r *resource) {
	s.evictions++
	if s == r.shard() {
		s.enrol(r)
	}
}

func (r *resource) admitElsewhere(than *residents) {
	if s := r.shard(); s != than {
		s.admit(r)
	}
}

// expel takes r off its lists and adds its uses to the total.
func (s *residents) expel(r *resource) {
	if r.place == isCandidate {
		s.candidates.remove(r)
	} else {
		s.busy.remove(r, byArrival)
	}
	r.place = nowhere
	w := r.state.w.Load()
	for w&usesMask != 0 && !r.state.w.CompareAndSwap(w, w&^usesMask) {
		w = r.state.w.Load()
	}
	s.uses += usesOf(w)
}

// makeBusy takes r out of the candidates.
func (s *residents) makeBusy(r *resource) {
	s.candidates.remove(r)
	r.place = isBusy
	s.busy.pushNewest(r, byArrival)
}

// drain makes candidates of the newly parked, of whom there are none as a rule.
// lock is held.
func (s *residents) drain() {
	if !s.parked.Empty() {
		s.drainAll()
	}
}

// drainAll is drain, oldest first.
//
// A resource can lie on the stack without being due to move: when it was put,
// it was marked listed before it was pushed, and in between it may have been
// gotten, released, even allocated again (I4). The mark says which it is, for
// it is read after the stack has let go of the resource: a Put that finds the
// resource still on the stack has set the mark before that.
func (s *residents) drainAll() {
	var oldest *resource // of the drained, a list through next of movers
	for r := range s.parked.TakeAll {
		if r.place == isBusy && r.state.w.Load()&markListed != 0 {
			s.busy.remove(r, byArrival)
			r.links[byArrival].next, oldest = oldest, r
		}
	}
	for r := oldest; r != nil; r = oldest {
		oldest = r.links[byArrival].next
		s.candidates.insert(r)
	}
}
