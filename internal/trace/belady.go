package trace

import "container/heap"

// belady evicts the idle address whose next Get is farthest away. That stays
// optimal when some are held: what is held is never gotten meanwhile, so a
// swap of two idle victims is as free as without holders.
type belady struct {
	next    []int // for each step, the next one of the same address
	at      int   // the step under way
	due     []int // for each address, its next step if it has a slot, else -1
	byDue   dueHeap
	setBack []dueEntry
	held    func(uint32) bool
}

// NewBelady makes the optimum, which knows the trace.
func NewBelady(t *Trace, held func(uint32) bool) Rule {
	next := make([]int, len(t.Steps))
	last := make([]int, t.Addresses)
	for a := range last {
		last[a] = len(t.Steps) + a // never again; apart, so that entries differ
	}
	due := make([]int, t.Addresses)
	for a := range due {
		due[a] = -1
	}
	for i := len(t.Steps) - 1; i >= 0; i-- {
		a := t.Steps[i].Address
		next[i] = last[a]
		last[a] = i
	}
	return &belady{next: next, due: due, held: held}
}

func (b *belady) Hit(a uint32)    { b.use(a) }
func (b *belady) Insert(a uint32) { b.use(a) }
func (b *belady) Put(uint32)      {}

func (b *belady) use(a uint32) {
	b.due[a] = b.next[b.at]
	heap.Push(&b.byDue, dueEntry{b.due[a], a})
	b.at++
}

func (b *belady) Victim(uint32) uint32 {
	b.setBack = b.setBack[:0]
	for {
		e := heap.Pop(&b.byDue).(dueEntry)
		if b.due[e.address] != e.due {
			continue // has been used since
		}
		if b.held(e.address) {
			b.setBack = append(b.setBack, e)
			continue
		}
		for _, back := range b.setBack {
			heap.Push(&b.byDue, back)
		}
		b.due[e.address] = -1
		return e.address
	}
}

type dueEntry struct {
	due     int
	address uint32
}

// dueHeap has the farthest on top. Entries out of date stay until they
// surface: being in the past by then, they do so after all current ones.
type dueHeap []dueEntry

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due > h[j].due }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(dueEntry)) }

func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	*h = (*h)[:last]
	return e
}
