package trace

// twoQ lets arrivals wait in a queue, from which they go unless they come
// back soon after; those go to a main part by recency.
type twoQ struct {
	in, main, out   *list
	where           []*list
	inMost, outMost int
	held            func(uint32) bool
}

// NewTwoQ makes the 2Q rule (Johnson and Shasha, VLDB 1994) with a quarter of
// the slots for the queue and half as many evicted ones remembered as slots.
func NewTwoQ(t *Trace, held func(uint32) bool) Rule {
	n := t.Addresses
	return &twoQ{in: newList(n), main: newList(n), out: newList(n), where: make([]*list, n),
		inMost: max(1, t.Slots/4), outMost: max(1, t.Slots/2), held: held}
}

func (r *twoQ) Put(uint32) {}

func (r *twoQ) Hit(a uint32) {
	if r.where[a] == r.main {
		r.move(a, r.main)
	}
}

func (r *twoQ) move(a uint32, to *list) {
	if from := r.where[a]; from != nil {
		from.remove(a)
	}
	if r.where[a] = to; to != nil {
		to.pushNewest(a)
	}
}

func (r *twoQ) Insert(a uint32) {
	if r.where[a] == r.out {
		r.move(a, r.main)
	} else {
		r.move(a, r.in)
	}
}

func (r *twoQ) Victim(uint32) uint32 {
	fromIn := r.in.len > r.inMost
	for range 2 {
		from := r.main
		if fromIn {
			from = r.in
		}
		for a := from.oldest(); a != from.anchor; a = from.newer[a] {
			if r.held(a) {
				continue
			}
			if !fromIn {
				r.move(a, nil)
				return a
			}
			r.move(a, r.out)
			if r.out.len > r.outMost {
				r.move(r.out.oldest(), nil)
			}
			return a
		}
		fromIn = !fromIn
	}
	panic("trace: all are held")
}
