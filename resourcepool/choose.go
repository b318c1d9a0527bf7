package resourcepool

// mostLapsed is how many that have been cancelled one grant looks past.
const mostLapsed = 1024

// choose returns the waiter that is to be granted now: the oldest, but for those
// who have been cancelled. In an overload these wait long for a processor before they
// can say so, and a slot that is granted to one is idle until then. If all seem so the
// oldest is granted. waitLock is held.
//
// Thousands of them may be the oldest. So the oldest waiter's passed is the newest of
// those right behind it that have been looked past, and the next grant goes on from there:
// each is looked at once, as a rule. Only the oldest is looked at each time. One that
// was taken for cancelled by mistake (hasLapsed) has its turn back when those before it, who are awake, have left.
func (q *waiterQueue) choose() *waiter { return q.look((*waiter).hasLapsed) }

// candidate is choose as far as contexts tell, or nil if nobody waits. It claims nobody, so who is
// returned need not be granted.
func (q *waiterQueue) candidate() *waiter {
	if q.oldest == nil {
		return nil
	}
	return q.look((*waiter).hasEnded)
}

func (q *waiterQueue) look(isPast func(*waiter) bool) *waiter {
	first := q.oldest
	if !isPast(first) {
		return first
	}
	if first.passed == nil {
		first.passed = first
	}
	for range mostLapsed {
		w := first.passed.next
		if w == first {
			break
		}
		if !isPast(w) {
			return w
		}
		first.passed = w
	}
	return first
}

// precedes compares candidates of two queues: the older is served first, but one whose context has
// ended after one who still wants it.
func (w *waiter) precedes(other *waiter) bool {
	if ended := w.hasEnded(); ended != other.hasEnded() {
		return !ended
	}
	return w.olderThan(other)
}

// hasEnded reports whether a waiter has a context, and it has ended.
func (w *waiter) hasEnded() bool {
	select {
	case <-w.closes: // never, if it is nil
		return true
	default:
		return false
	}
}

// hasLapsed reports whether a waiter has been cancelled. If it says no, the waiter must be granted.
//
// A context shows it. What other cancelers send may not be received here, as it may
// be meant for another Get. There only the runtime knows: a send to claim succeeds
// only if the waiter's select has not ended otherwise, and from then on its canceler
// is not heard. A waiter that has not quite gone to sleep is taken for cancelled.
func (w *waiter) hasLapsed() bool {
	if w.closes != nil {
		return w.hasEnded()
	}
	if !w.sleeps.Load() {
		return false
	}
	select {
	case w.claim <- struct{}{}:
		return false
	default:
		return true
	}
}
