package resourcepool

// A waiter is one Get that could not be served at once. It stands in exactly
// one queue until it is granted or cancelled: the pool's queue for a slot, or
// the queue of a resource that is somebody else's. Pool.waitLock guards it.
type waiter struct {
	resource   *resource
	ticket     uint64 // order of arrival in the whole pool
	prev, next *waiter
	queue      *waiterQueue // nil once granted or cancelled
	trying     bool         // see below
	cancelled  bool         // trying, and waits on only for that
	forSlot    bool         // found no slot, and so waits for one
	grant      grant        // valid once ready has been signalled
	ready      chan struct{}
}

// newWaiter is called without the lock, as it allocates.
func newWaiter(r *resource) *waiter {
	return &waiter{resource: r, ready: make(chan struct{}, 1)}
}

// A waiter is trying, as Get tries first and waits second, if it came first to
// a resource that nobody uses but that is still being released, say by a Get
// that needs its slot. No other user is in its way, so its canceler ends the
// wait only if there is no slot when the release has ended.

// A grant is what a waiter is woken with, and from then on owns.
type grant struct {
	kind       grantKind
	generation uint32    // grantHeld: what the resource held when handed over
	victim     *resource // grantVictim: releasing, Release not yet called
}

type grantKind uint8

const (
	grantNothing grantKind = iota // there was no slot for one that is cancelled
	grantSlot                     // a free slot
	grantVictim                   // a slot with an idle resource still in it
	grantHeld                     // the waiter's own resource, in use, handed over
)

// waiterQueue is a queue in order of ticket. The zero value is empty.
// It is one pointer, as every resource has one: the links form a ring.
type waiterQueue struct{ oldest *waiter }

// insert puts w behind all waiters with a smaller ticket: at the newest end in
// one step, as is right for a new arrival. One that has waited elsewhere before
// is brought in from the end whose ticket is nearer to its own.
func (q *waiterQueue) insert(w *waiter) {
	w.queue = q
	if q.oldest == nil {
		w.prev, w.next, q.oldest = w, w, w
		return
	}
	oldest, newest := q.oldest, q.oldest.prev
	switch {
	case newest.olderThan(w):
		w.putBefore(oldest) // around the ring: behind the newest
	case w.olderThan(oldest):
		w.putBefore(oldest)
		q.oldest = w
	case w.ticket-oldest.ticket < newest.ticket-w.ticket:
		next := oldest.next
		for next.olderThan(w) {
			next = next.next
		}
		w.putBefore(next)
	default:
		next := newest
		for w.olderThan(next.prev) {
			next = next.prev
		}
		w.putBefore(next)
	}
}

// olderThan compares the order of arrival, also across a wrap of the tickets.
func (w *waiter) olderThan(other *waiter) bool { return int64(w.ticket-other.ticket) < 0 }

func (w *waiter) putBefore(next *waiter) {
	w.prev, w.next = next.prev, next
	w.prev.next, w.next.prev = w, w
}

func (q *waiterQueue) remove(w *waiter) {
	if w.next == w {
		q.oldest = nil
	} else {
		w.prev.next, w.next.prev = w.next, w.prev
		if q.oldest == w {
			q.oldest = w.next
		}
	}
	w.prev, w.next, w.queue = nil, nil, nil
}

// give makes g the property of a waiter that has been taken off its queue.
// waitLock is held. wake tells it, and need not be called under the lock: the
// channel has room for the one message that a waiter ever gets.
func (w *waiter) give(g grant) {
	w.resource.pool.waiting--
	w.grant = g
}

func (w *waiter) wake() { w.ready <- struct{}{} }

// wait parks until a grant or a message on cancel, and reports whether it was
// the grant. A grant that is there already wins, so that a Get that can be
// served takes no message.
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
	case <-w.ready:
		return true
	case <-cancel:
		return false
	}
}
