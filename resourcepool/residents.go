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
	parked shard.Stack[resource, *resource] // newly parked, pushed without the lock

	lock       sync.Mutex
	busy       list // in use, or releasing, when a search met them
	candidates      // the others
	scorer
	tally

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
	byRelease   departure = iota
	byFailure             // of Allocate
	unallocated           // Allocate was not even called
)

func (s *residents) init(p *pool) {
	s.scorer.init(uint64(p.max)/uint64(len(p.shards)), &p.board)
	s.eraTime = uint64(p.max)/eraLists + minEra
	s.eraLeft = s.eraTime
}

// admit makes r, which is opening and has just been given a slot, a resident
// and a candidate, as its mark already says (I4). The victim is nil if the slot
// was free.
func (s *residents) admit(r, victim *resource) {
	s.lock.Lock()
	s.enrol(r, victim)
	s.lock.Unlock()
}

func (s *residents) enrol(r, victim *resource) {
	s.scorer.redialled(r)
	s.admitted++
	r.victim = victim
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

// replace makes r, which is opening, a resident in the place of a victim.
func (r *resource) replace(victim *resource) {
	s := victim.shard()
	s.lock.Lock()
	s.drain()
	s.swap(victim, r)
	s.lock.Unlock()
	r.admitElsewhere(s, victim)
}

// swap is replace with the lock of the victim's shard held. If that of r is
// another one, admitElsewhere completes it when the lock is no longer held.
func (s *residents) swap(victim, r *resource) {
	s.evictions++
	s.expel(victim)
	if s == r.shard() {
		s.enrol(r, victim)
	}
}

func (r *resource) admitElsewhere(than *residents, victim *resource) {
	if s := r.shard(); s != than {
		s.admit(r, victim)
	}
}

// expel takes r off its lists and adds its uses to the total.
func (s *residents) expel(r *resource) {
	if r.place == isCandidate {
		s.candidates.remove(r)
	} else {
		s.busy.remove(r, byArrival)
	}
	r.place, r.victim = nowhere, nil
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
