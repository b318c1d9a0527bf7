package trace

// tinyLFU has a small window by recency before a main part of two segments.
// What leaves the window enters the main part if it was used more often, by a
// sketch that ages, than what would have to go for it. The window grows or
// shrinks as the hits do.
type tinyLFU struct {
	window, probation, protected *list
	in                           []*list
	slots, windowMost            int
	sketch                       []uint8 // one exact counter each: a sketch without collisions
	added                        int
	held                         func(uint32) bool

	hits, accesses int
	lastRate, step float64
}

// NewTinyLFU makes the adaptive W-TinyLFU rule (Einziger and others, Middleware
// 2018), which begins with a window of a hundredth of the slots.
func NewTinyLFU(t *Trace, held func(uint32) bool) Rule {
	n := t.Addresses
	return &tinyLFU{window: newList(n), probation: newList(n), protected: newList(n),
		in: make([]*list, n), slots: t.Slots, windowMost: max(1, t.Slots/100),
		sketch: make([]uint8, n), held: held, step: 0.0625 * float64(t.Slots)}
}

func (r *tinyLFU) Put(uint32) {}

func (r *tinyLFU) count(a uint32) {
	if r.sketch[a] < 15 {
		r.sketch[a]++
		r.added++
	}
	if r.added >= 10*r.slots {
		r.added /= 2
		for i := range r.sketch {
			r.sketch[i] /= 2
		}
	}
	if r.accesses++; r.accesses >= 10*r.slots {
		r.climb()
	}
}

// climb changes the window further the way it went if that was good.
func (r *tinyLFU) climb() {
	rate := float64(r.hits) / float64(r.accesses)
	change := rate - r.lastRate
	if change < 0 {
		r.step = -r.step
	}
	if change > 0.05 || change < -0.05 {
		r.step = 0.0625 * float64(r.slots) * sign(r.step)
	}
	r.windowMost = min(max(1, r.windowMost+int(r.step)), r.slots*8/10)
	r.step *= 0.98
	r.lastRate, r.hits, r.accesses = rate, 0, 0
}

func sign(x float64) float64 {
	if x < 0 {
		return -1
	}
	return 1
}

func (r *tinyLFU) move(a uint32, to *list) {
	if from := r.in[a]; from != nil {
		from.remove(a)
	}
	if r.in[a] = to; to != nil {
		to.pushNewest(a)
	}
}

func (r *tinyLFU) Hit(a uint32) {
	r.count(a)
	r.hits++
	if r.in[a] == r.window {
		r.move(a, r.window)
		return
	}
	r.move(a, r.protected)
	if r.protected.len > (r.slots-r.windowMost)*8/10 {
		r.move(r.protected.oldest(), r.probation)
	}
}

// Insert counts the access; if the window is over its share, the oldest of it
// goes to the main part, which Victim has made room for.
func (r *tinyLFU) Insert(a uint32) {
	r.count(a)
	r.move(a, r.window)
	if r.window.len > r.windowMost && r.window.len+r.probation.len+r.protected.len < r.slots {
		r.move(r.window.oldest(), r.probation)
	}
}

func (r *tinyLFU) Victim(uint32) uint32 {
	for r.window.len > r.windowMost {
		r.move(r.window.oldest(), r.probation)
	}
	candidate, inMain := r.oldest(r.window), r.oldest(r.probation)
	if inMain == r.window.anchor {
		inMain = r.oldest(r.protected)
	}
	victim := inMain
	if r.window.len >= r.windowMost && candidate != r.window.anchor {
		if inMain == r.window.anchor || r.sketch[candidate] <= r.sketch[inMain] {
			victim = candidate
		} else {
			r.move(candidate, r.probation)
		}
	} else if victim == r.window.anchor {
		victim = candidate
	}
	r.move(victim, nil)
	return victim
}

func (r *tinyLFU) oldest(l *list) uint32 {
	a := l.oldest()
	for a != l.anchor && r.held(a) {
		a = l.newer[a]
	}
	return a
}
