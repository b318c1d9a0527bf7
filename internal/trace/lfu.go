package trace

import "container/heap"

// lfu evicts what was used least often since it last came, among these what was
// used longest ago.
type lfu struct {
	heap  []uint32 // residents
	at    []int    // of each address in heap
	count []uint64
	used  []uint64 // step of the last use
	now   uint64
	held  func(uint32) bool
}

// NewLFU makes the rule that evicts the least frequently used. What is evicted
// is forgotten.
func NewLFU(t *Trace, held func(uint32) bool) Rule {
	n := t.Addresses
	return &lfu{at: make([]int, n), count: make([]uint64, n), used: make([]uint64, n), held: held}
}

func (r *lfu) Put(uint32) {}

func (r *lfu) Hit(a uint32) {
	r.use(a)
	heap.Fix(r, r.at[a])
}

func (r *lfu) Insert(a uint32) {
	r.count[a] = 0
	r.use(a)
	heap.Push(r, a)
}

func (r *lfu) use(a uint32) {
	r.now++
	r.used[a] = r.now
	r.count[a]++
}

func (r *lfu) Victim(uint32) uint32 {
	var spared []uint32
	for len(r.heap) > 0 {
		a := heap.Pop(r).(uint32)
		if !r.held(a) {
			for _, s := range spared {
				heap.Push(r, s)
			}
			return a
		}
		spared = append(spared, a)
	}
	panic("trace: all are held")
}

// The methods of heap.Interface.

func (r *lfu) Len() int { return len(r.heap) }

func (r *lfu) Less(i, j int) bool {
	a, b := r.heap[i], r.heap[j]
	return r.count[a] < r.count[b] || r.count[a] == r.count[b] && r.used[a] < r.used[b]
}

func (r *lfu) Swap(i, j int) {
	r.heap[i], r.heap[j] = r.heap[j], r.heap[i]
	r.at[r.heap[i]], r.at[r.heap[j]] = i, j
}

func (r *lfu) Push(x any) {
	a := x.(uint32)
	r.at[a] = len(r.heap)
	r.heap = append(r.heap, a)
}

func (r *lfu) Pop() any {
	last := len(r.heap) - 1
	a := r.heap[last]
	r.heap = r.heap[:last]
	return a
}
