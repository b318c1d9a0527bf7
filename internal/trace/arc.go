package trace

// arc has two lists by recency, of what was used once and what was used more
// often, and a list of the evicted beside each. A return of an evicted one moves
// the border between the two.
type arc struct {
	once, often         *list // residents
	onceGone, oftenGone *list
	in                  []*list // of each address, nil for none
	target              int     // wanted length of once
	slots               int
	held                func(uint32) bool
}

// NewARC makes the ARC rule (Megiddo and Modha, FAST 2003).
func NewARC(t *Trace, held func(uint32) bool) Rule {
	n := t.Addresses
	return &arc{once: newList(n), often: newList(n), onceGone: newList(n), oftenGone: newList(n),
		in: make([]*list, n), slots: t.Slots, held: held}
}

func (r *arc) Put(uint32)   {}
func (r *arc) Hit(a uint32) { r.move(a, r.often) }

func (r *arc) move(a uint32, to *list) {
	if from := r.in[a]; from != nil {
		from.remove(a)
	}
	if r.in[a] = to; to != nil {
		to.pushNewest(a)
	}
}

func (r *arc) Victim(incoming uint32) uint32 {
	returned := r.in[incoming]
	switch returned {
	case r.onceGone:
		r.target = min(r.slots, r.target+max(1, r.oftenGone.len/r.onceGone.len))
	case r.oftenGone:
		r.target = max(0, r.target-max(1, r.onceGone.len/r.oftenGone.len))
	}
	forget := false // the victim, as once is as long as it and onceGone may be
	if returned == nil {
		switch total := r.once.len + r.onceGone.len; {
		case total >= r.slots && r.onceGone.len > 0:
			r.move(r.onceGone.oldest(), nil)
		case total >= r.slots:
			forget = true
		case total < r.slots && r.often.len+r.oftenGone.len+total >= 2*r.slots && r.oftenGone.len > 0:
			r.move(r.oftenGone.oldest(), nil)
		}
	}
	fromOnce := r.once.len > r.target || r.once.len == r.target && returned == r.oftenGone
	for range 2 {
		from, gone := r.often, r.oftenGone
		if fromOnce {
			from, gone = r.once, r.onceGone
		}
		for a := from.oldest(); a != from.anchor; a = from.newer[a] {
			if !r.held(a) {
				if forget && fromOnce {
					gone = nil
				}
				r.move(a, gone)
				return a
			}
		}
		fromOnce = !fromOnce
	}
	panic("trace: all are held")
}

func (r *arc) Insert(a uint32) {
	if r.in[a] != nil {
		r.move(a, r.often)
	} else {
		r.move(a, r.once)
	}
}
