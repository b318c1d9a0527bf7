package trace

// lirs ranks by the reuse distance. The stack holds, by recency, the residents
// of low distance and whatever was used since the oldest of these, evicted or
// not; the queue holds the other residents, which go in order of arrival.
type lirs struct {
	stack, queue *list
	state        []lirsState
	stacked      []bool
	low, most    int // residents of low distance
	mostGone     int
	goneOrder    *list // evicted ones in the stack, by eviction
	held         func(uint32) bool
}

type lirsState uint8

const (
	lirsUnknown lirsState = iota
	lirsLow
	lirsHigh
	lirsGone
)

// NewLIRS makes the LIRS rule (Jiang and Zhang, SIGMETRICS 2002), with a
// hundredth of the slots for the queue and two evicted ones a slot remembered.
func NewLIRS(t *Trace, held func(uint32) bool) Rule {
	n := t.Addresses
	return &lirs{stack: newList(n), queue: newList(n), goneOrder: newList(n),
		state: make([]lirsState, n), stacked: make([]bool, n),
		most: t.Slots - max(2, t.Slots/100), mostGone: 2 * t.Slots, held: held}
}

func (r *lirs) Put(uint32) {}

func (r *lirs) top(a uint32) {
	r.unstack(a)
	r.stacked[a] = true
	r.stack.pushNewest(a)
}

func (r *lirs) unstack(a uint32) {
	if r.stacked[a] {
		r.stack.remove(a)
		r.stacked[a] = false
	}
}

// prune takes off the bottom of the stack what is not of low distance.
func (r *lirs) prune() {
	for {
		a := r.stack.oldest()
		if a == r.stack.anchor || r.state[a] == lirsLow {
			return
		}
		r.unstack(a)
		if r.state[a] == lirsGone {
			r.forget(a)
		}
	}
}

func (r *lirs) forget(a uint32) {
	r.goneOrder.remove(a)
	r.state[a] = lirsUnknown
}

func (r *lirs) Hit(a uint32) {
	switch {
	case r.state[a] == lirsLow:
		r.top(a)
		r.prune()
	case r.stacked[a]:
		r.queue.remove(a)
		r.makeLow(a)
	default:
		r.top(a)
		r.queue.remove(a)
		r.queue.pushNewest(a)
	}
}

// makeLow makes a, which was found in the stack, one of low distance, and the
// bottom one of high distance if these are too many now.
func (r *lirs) makeLow(a uint32) {
	r.state[a] = lirsLow
	r.low++
	r.top(a)
	r.prune()
	if r.low > r.most {
		bottom := r.stack.oldest()
		r.state[bottom] = lirsHigh
		r.low--
		r.unstack(bottom)
		r.queue.pushNewest(bottom)
		r.prune()
	}
}

func (r *lirs) Victim(uint32) uint32 {
	for a := r.queue.oldest(); a != r.queue.anchor; a = r.queue.newer[a] {
		if r.held(a) {
			continue
		}
		r.queue.remove(a)
		if r.stacked[a] {
			r.state[a] = lirsGone
			r.goneOrder.pushNewest(a)
			if r.goneOrder.len > r.mostGone {
				oldest := r.goneOrder.oldest()
				r.unstack(oldest)
				r.forget(oldest)
			}
		} else {
			r.state[a] = lirsUnknown
		}
		return a
	}
	for a := r.stack.oldest(); ; a = r.stack.newer[a] { // all of the queue is held
		if r.state[a] == lirsLow && !r.held(a) {
			r.low--
			r.unstack(a)
			r.state[a] = lirsUnknown
			r.prune()
			return a
		}
	}
}

func (r *lirs) Insert(a uint32) {
	switch {
	case r.state[a] == lirsGone:
		r.goneOrder.remove(a)
		r.makeLow(a)
	case r.low < r.most:
		r.state[a] = lirsLow
		r.low++
		r.top(a)
	default:
		r.state[a] = lirsHigh
		r.top(a)
		r.queue.pushNewest(a)
	}
}
