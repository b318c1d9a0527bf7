package resourcepool

import (
	"context"
	"sync/atomic"
	"time"
)

// A waiter is one Get, Acquire or opening that could not be served at once. It
// stands in exactly one queue until it is granted, refused or cancelled: that of a
// pool for a slot, that of a pool's lane, that of a resource which is somebody
// else's, or that of a group. waitLock guards it.
type waiter struct {
	pool     *pool           // that it came to
	resource *resource       // that it is to have; nil for an Acquire or a Get of a group
	batch    *batch          // of an Acquire
	opening  *opening        // that waits for its slot, or on which a Get of a group waits
	group    *group          // of a Get of a group
	ctx      context.Context // of a Get of a group

	since      time.Duration // when it came, by instant
	ticket     uint64        // order of arrival in the whole tree of pools
	prev, next *waiter
	queue      *waiterQueue // nil once granted, refused or cancelled
	level      *pool        // whose slots it waits for, while it waits for one
	passed     *waiter      // see choose

	crowdPrev, crowdNext *waiter

	forSlot   bool   // found no slot, and so waits for one
	immediate bool   // its canceler was ready when it came
	trying    bool   // see below
	cancelled bool   // immediate, and waits on only for Releases that have begun
	waitsFor  uint64 // the newest of these that have lost their Get

	grant grant         // valid once ready has been signalled
	ready chan struct{} // nil for an opening

	closes <-chan struct{} // its canceler, if that is a context's: it is closed and never sends
	claim  chan struct{}   // unbuffered; set before sleeps, if closes is not
	sleeps atomic.Bool     // in the select of both, or about to be
}

// newWaiter is called without the lock, as it allocates. a is what the Get is to allocate with.
func newWaiter(r *resource, a Allocator) *waiter {
	w := &waiter{pool: r.pool, resource: r, since: instant(), ready: make(chan struct{}, 1)}
	if with, ok := a.(*withContext); ok {
		w.closes = with.ctx.Done()
	}
	return w
}

// A waiter is trying, as Get tries first and waits second, if it came first to
// a resource that nobody uses but that is still being released, say by a Get
// that needs its slot. No other user is in its way. So if its canceler was ready
// when it came, it waits on until the release has ended, and is refused only if
// there is no slot then (I8).

// A grant is what a waiter is woken with, and from then on owns.
type grant struct {
	kind       grantKind
	generation uint32    // grantHeld: what the resource held when handed over
	victim     *resource // grantVictim: releasing, Release not yet called
	level      *pool     // grantVictim: whose slot, and those above, are the waiter's
	held       *resource // grantHeld, to a Get of a group: what it has
	fresh      bool      // and that it was allocated just now
	err        error     // grantRefused
	panicked   *panicked // grantRefused: the Get panics with it
}

type grantKind uint8

const (
	grantRefused grantKind = iota // nothing
	grantSlot                     // a free slot
	grantVictim                   // a slot with an idle resource still in it
	grantHeld                     // a resource, in use, handed over
)

// isOpening: it waits for the slot of an opening, and not for a Get or Acquire.
func (w *waiter) isOpening() bool { return w.ready == nil }

// home is where the waiter looks for a free slot first.
func (w *waiter) home() int {
	if w.resource == nil {
		return 0
	}
	return int(w.resource.home)
}

// give makes g the property of a waiter that has been taken off its queue.
// waitLock is held. wake tells it, and need not be called under the lock.
func (w *waiter) give(g grant) {
	w.pool.depart(w)
	w.grant = g
	if w.isOpening() {
		w.opening.granted()
	}
}

// wake never waits: the channel has room for the one message that a Get ever gets,
// and an opening goes on on a goroutine of its own.
func (w *waiter) wake() {
	switch {
	case w.ready == nil:
		go w.opening.run(w.grant)
	case w.batch == nil:
		w.ready <- struct{}{}
	default:
		select {
		case w.ready <- struct{}{}:
		default: // the Acquire has not looked yet since the last time
		}
	}
}

func (w *waiter) refuse(err error) {
	w.give(grant{kind: grantRefused, err: err})
	w.wake()
}

// wait parks until a grant or a message on cancel, and reports whether it was
// the grant. A grant that is there already wins, so that a Get that can be
// served takes no message. A canceler that is ready at once makes the waiter an
// immediate one.
func (w *waiter) wait(cancel <-chan struct{}) bool {
	if cancel == nil {
		<-w.ready
		return true
	}
	select {
	case <-w.ready:
		return true
	default:
	}
	select {
	case <-cancel:
		w.immediate = true
		return false
	default:
	}
	if w.batch == nil { // which is woken for a part of what it wants as well
		if w.closes == nil {
			w.claim = make(chan struct{})
		}
		w.sleeps.Store(true)
	}
	select {
	case <-w.ready:
		return true
	case <-w.claim:
		<-w.ready
		return true
	case <-cancel:
		return false
	}
}

// olderThan compares the order of arrival, also across a wrap of the tickets.
func (w *waiter) olderThan(other *waiter) bool { return int64(w.ticket-other.ticket) < 0 }

// crowd is all who wait, in no order.
type crowd struct {
	first     *waiter
	cancelled int // how many of them are
}

// all returns a copy, for a walk in which others than the one walked to may go.
func (c *crowd) all() (all []*waiter) {
	for w := c.first; w != nil; w = w.crowdNext {
		all = append(all, w)
	}
	return all
}

// cancel marks one that is to wait only for Releases that have begun.
func (c *crowd) cancel(w *waiter) {
	if !w.cancelled {
		w.cancelled = true
		c.cancelled++
	}
}

func (c *crowd) add(w *waiter) {
	if w.crowdNext = c.first; c.first != nil {
		c.first.crowdPrev = w
	}
	c.first = w
}

func (c *crowd) remove(w *waiter) {
	if w.cancelled {
		c.cancelled--
	}
	if w.crowdPrev != nil {
		w.crowdPrev.crowdNext = w.crowdNext
	} else {
		c.first = w.crowdNext
	}
	if w.crowdNext != nil {
		w.crowdNext.crowdPrev = w.crowdPrev
	}
	w.crowdPrev, w.crowdNext = nil, nil
}
