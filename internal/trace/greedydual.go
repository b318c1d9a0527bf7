package trace

import (
	"container/heap"
	"time"
)

// greedyDual ranks by a sum: the cost of an address, and the rank of the last
// victim at its last use. So what was used longest ago goes first among equals,
// and what is dear stays longer.
type greedyDual struct {
	costs  []time.Duration
	floor  time.Duration // the rank of the last victim
	newest uint64        // use
	rank   []greedyRank  // of each address
	heap   greedyHeap
	held   func(uint32) bool
}

type greedyRank struct {
	rank    time.Duration
	used    uint64 // breaks ties; 0 for who has no slot
	address uint32
}

// NewGreedyDual makes the GreedyDual rule (Young, 1991; Cao and Irani, 1997) for
// dials that differ in cost.
func NewGreedyDual(costs []time.Duration) NewRule {
	return func(t *Trace, held func(uint32) bool) Rule {
		return &greedyDual{costs: costs, rank: make([]greedyRank, t.Addresses), held: held}
	}
}

func (g *greedyDual) Put(uint32)      {}
func (g *greedyDual) Hit(a uint32)    { g.use(a) }
func (g *greedyDual) Insert(a uint32) { g.use(a); heap.Push(&g.heap, g.rank[a]) }

// use leaves the entry in the heap as it is: it can only be too low, and is put
// right when it surfaces.
func (g *greedyDual) use(a uint32) {
	g.newest++
	g.rank[a] = greedyRank{g.floor + g.costs[a], g.newest, a}
}

func (g *greedyDual) Victim(uint32) uint32 {
	var held []greedyRank
	for {
		e := heap.Pop(&g.heap).(greedyRank)
		switch now := g.rank[e.address]; {
		case now != e:
			heap.Push(&g.heap, now)
		case g.held(e.address):
			held = append(held, e)
		default:
			for _, h := range held {
				heap.Push(&g.heap, h)
			}
			g.floor = e.rank
			return e.address
		}
	}
}

type greedyHeap []greedyRank

func (h greedyHeap) Len() int { return len(h) }
func (h greedyHeap) Less(i, j int) bool {
	return h[i].rank < h[j].rank || h[i].rank == h[j].rank && h[i].used < h[j].used
}
func (h greedyHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *greedyHeap) Push(x any)   { *h = append(*h, x.(greedyRank)) }

func (h *greedyHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	*h = (*h)[:last]
	return e
}
