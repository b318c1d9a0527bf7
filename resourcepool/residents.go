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

	lock  sync.Mutex
	order list // parked at some time; victims are chosen here
	busy  list // the others: not parked yet, or in use when last examined
	rule  rule

	uses             atomic.Uint64 // of resources that have left, and overflows
	allocations      atomic.Uint64
	allocationErrors atomic.Uint64
	evictions        atomic.Uint64
	dead             atomic.Uint64
}

// residency is a resource's place among the residents of its shard.
type residency struct {
	prev, next *resource
	in         *list // nil without a slot
}

// admit makes r, which has just been given a slot, a resident.
func (s *residents) admit(r *resource) {
	s.lock.Lock()
	s.drain()
	s.busy.pushNewest(r)
	s.lock.Unlock()
}

// leave ends the residency of r and adds its uses to the total.
func (s *residents) leave(r *resource) {
	s.lock.Lock()
	s.drain()
	s.remove(r)
	w := r.state.w.Load()
	for !r.state.w.CompareAndSwap(w, w&^usesMask) {
		w = r.state.w.Load()
	}
	s.uses.Add(usesOf(w))
	s.lock.Unlock()
}

func (s *residents) remove(r *resource) {
	if r.in == &s.order {
		s.rule.forget(r)
	}
	r.in.remove(r)
}

// drain moves the newly parked to the newest end of the order list, oldest
// first. lock is held.
//
// A resource can lie on the stack without being due to move: when it was put,
// it was marked listed before it was pushed, and in between it may have been
// gotten, released, even allocated again (I4). The mark says which it is, for
// it is read after the stack has let go of the resource: a Put that finds the
// resource still on the stack has set the mark before that.
func (s *residents) drain() {
	var oldest *resource // of the drained, a list through next of movers
	for r := range s.parked.TakeAll {
		if r.in == &s.busy && r.state.w.Load()&markListed != 0 {
			s.busy.remove(r)
			r.next, oldest = oldest, r
		}
	}
	for r := oldest; r != nil; r = oldest {
		oldest = r.next
		s.order.pushNewest(r)
	}
}

// list is a doubly linked list of residents in order of insertion.
type list struct {
	oldest, newest *resource
	length         int
}

func (l *list) pushNewest(r *resource) {
	r.in, r.prev, r.next = l, l.newest, nil
	if l.newest != nil {
		l.newest.next = r
	} else {
		l.oldest = r
	}
	l.newest = r
	l.length++
}

func (l *list) remove(r *resource) {
	if r.prev != nil {
		r.prev.next = r.next
	} else {
		l.oldest = r.next
	}
	if r.next != nil {
		r.next.prev = r.prev
	} else {
		l.newest = r.prev
	}
	r.in, r.prev, r.next = nil, nil, nil
	l.length--
}
