package resourcepool

// waiterQueue is a queue in order of ticket. The zero value is empty.
// It is one pointer, as every resource has one: the links form a ring.
type waiterQueue struct{ oldest *waiter }

// insert puts w behind all waiters whose ticket is no greater: at the newest end in
// one step, as is right for a new arrival. One that has waited elsewhere before
// is brought in from the end whose ticket is nearer to its own. Two may have one ticket, as
// a Renew takes the one before the oldest's.
func (q *waiterQueue) insert(w *waiter) {
	w.queue = q
	if q.oldest == nil {
		w.prev, w.next, q.oldest = w, w, w
		return
	}
	oldest, newest := q.oldest, q.oldest.prev
	switch {
	case !w.olderThan(newest):
		w.putBefore(oldest) // around the ring: behind the newest
	case w.olderThan(oldest):
		w.putBefore(oldest)
		q.oldest, oldest.passed = w, nil
	case w.ticket-oldest.ticket < newest.ticket-w.ticket:
		next := oldest.next
		for !w.olderThan(next) {
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
	oldest.lookAt(w)
}

// lookAt sees to it that the next grant does not go past w, which has been inserted
// somewhere, without looking at it.
func (oldest *waiter) lookAt(w *waiter) {
	if oldest.passed != nil && w.olderThan(oldest.passed) {
		oldest.passed = w.prev
	}
}

func (w *waiter) putBefore(next *waiter) {
	w.prev, w.next = next.prev, next
	w.prev.next, w.next.prev = w, w
}

func (q *waiterQueue) remove(w *waiter) {
	if w.next == w {
		q.oldest = nil
	} else {
		switch oldest := q.oldest; {
		case w != oldest && w == oldest.passed:
			oldest.passed = w.prev
		case w == oldest && w != oldest.passed:
			w.next.passed = w.passed
		}
		w.prev.next, w.next.prev = w.next, w.prev
		if q.oldest == w {
			q.oldest = w.next
		}
	}
	w.prev, w.next, w.passed, w.queue = nil, nil, nil, nil
}

// each yields the waiters, oldest first. One that is yielded may be removed.
func (q *waiterQueue) each(yield func(*waiter) bool) {
	for w := q.oldest; w != nil; {
		next := w.next
		if next == q.oldest {
			next = nil
		}
		if !yield(w) {
			return
		}
		w = next
	}
}
