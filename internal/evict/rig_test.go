package evict

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// rig is the least that a pool has to be to stand on Lists: single-threaded,
// with slots, and nodes by number.
type rig struct {
	t       *testing.T
	lists   Lists
	slots   int
	used    int
	nodes   []*Node
	keys    map[*Node]uint64
	numbers map[*Node]int
	costs   func(i int) int64 // nanoseconds; nil for nothing timed
	dials   []int
	gone    []int // victims in order
}

func newRig(t *testing.T, slots, lists, nodes int) *rig {
	r := &rig{t: t, slots: slots, keys: map[*Node]uint64{}, numbers: make(map[*Node]int, nodes)}
	r.lists.Init(uint64(slots), lists, func(n *Node) uint64 { return r.keys[n] })
	for i := range nodes {
		r.nodes = append(r.nodes, &Node{})
		r.numbers[r.nodes[i]] = i
	}
	r.dials = make([]int, nodes)
	return r
}

// get makes node i in use, and reports whether it could.
func (r *rig) get(i int) bool {
	n := r.nodes[i]
	w := n.W.Load()
	switch phaseOf(w) {
	case Idle:
		n.W.Store(w&^(PhaseMask|EraMask) | inUse | r.lists.Era() | Reused + OneUse)
		return true
	case inUse:
		return false
	}
	n.W.Store(Listed | seeking)
	if r.used < r.slots {
		r.used++
		r.lists.Admit(n, i)
	} else {
		victim := r.lists.Swap(n, i)
		if victim == nil {
			n.W.Store(0)
			return false
		}
		if victim.place != nowhere || phaseOf(victim.W.Load()) != Claimed {
			r.t.Fatalf("a victim of place %q in phase %d", victim.Place(), phaseOf(victim.W.Load()))
		}
		victim.W.Store(0)
		r.gone = append(r.gone, r.number(victim))
	}
	if r.costs != nil {
		r.lists.Took(n, time.Duration(r.costs(i)))
	}
	r.dials[i]++
	n.W.Store(n.W.Load()&^(PhaseMask|EraMask) | inUse | r.lists.Era() + OneUse)
	return true
}

func (r *rig) put(i int) {
	n := r.nodes[i]
	w := n.W.Load()
	n.W.Store(w&^PhaseMask | Idle | Listed)
	if w&Listed == 0 {
		r.lists.Park(n)
	}
}

func (r *rig) release(i int) {
	n := r.nodes[i]
	n.W.Store(n.W.Load()&^PhaseMask | Claimed)
	r.lists.Leave(n)
	n.W.Store(0)
	r.used--
}

func (r *rig) visit(i int) {
	r.t.Helper()
	if !r.get(i) {
		r.t.Fatalf("no slot for %d", i)
	}
	r.put(i)
}

// timeOfDials is what the dials of visits cost, with 100 slots, if the lists are told
// other costs, or with nil none.
func timeOfDials(t *testing.T, visits []int, costs, told func(i int) int64) (total time.Duration) {
	r := newRig(t, 100, 1, slices.Max(visits)+1)
	r.costs = told
	for _, i := range visits {
		r.visit(i)
	}
	for i, n := range r.dials {
		total += time.Duration(int64(n) * costs(i))
	}
	return total
}

func (r *rig) number(n *Node) int {
	i, ok := r.numbers[n]
	if !ok {
		r.t.Fatal("an unknown node")
	}
	return i
}

func (r *rig) audit() {
	r.t.Helper()
	all := map[*Node]bool{}
	for _, n := range r.nodes {
		all[n] = true
	}
	if err := r.lists.Audit(all); err != nil {
		r.t.Fatal(err)
	}
}

const (
	seeking uint64 = 1
	inUse   uint64 = 4
)

// play runs random operations, and checks after each that what is idle or in
// use is a resident, that nothing idle is missed, and now and then all of the
// lists.
func play(t *testing.T, slots, lists, nodes int, ops []byte) {
	r := newRig(t, slots, lists, nodes)
	r.costs = func(i int) int64 { return 1 << (10 + i%7*3) }
	for step, op := range ops {
		i := (int(op) + step*7) % nodes
		phase := phaseOf(r.nodes[i].W.Load())
		switch {
		case op < 160 && phase != inUse:
			idle := 0
			for _, n := range r.nodes {
				if phaseOf(n.W.Load()) == Idle {
					idle++
				}
			}
			could := idle > 0 || r.used < slots
			if got := r.get(i); got != could {
				t.Fatalf("step %d: served %v with %d idle and %d of %d slots used", step, got, idle, r.used, slots)
			}
		case op < 230 && phase == inUse:
			r.put(i)
		case op < 240 && phase == Idle:
			r.release(i)
		case op < 244:
			r.lists.Spread(1 << (i % 4))
		case op < 248:
			r.lists.Prefer(i % Experts())
		case op < 250:
			r.lists.Census(func(uint64) {})
		case op < 252:
			if v := r.lists.ClaimIdle(); v != nil {
				r.lists.Evicted(v)
				v.W.Store(0)
				r.used--
			}
		}
		if step%16 == 0 {
			r.audit()
		}
		if n := r.lists.Totals().Residents; int(n) != r.used {
			t.Fatalf("step %d: %d residents with %d slots used", step, n, r.used)
		}
	}
	r.audit()
}

func TestModelOfLists(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 13))
	for range 300 {
		ops := make([]byte, 600)
		for i := range ops {
			ops[i] = byte(rng.Uint32())
		}
		play(t, 1+rng.IntN(12), 1<<rng.IntN(3), 2+rng.IntN(24), ops)
	}
}

func FuzzLists(f *testing.F) {
	f.Add(uint8(1), uint8(1), uint8(3), []byte{0, 160, 1, 161, 241, 2, 249, 251})
	f.Add(uint8(4), uint8(0), uint8(9), []byte{1, 2, 3, 200, 201, 5, 9, 246, 232, 7})
	f.Fuzz(func(t *testing.T, slots, lists, nodes uint8, ops []byte) {
		play(t, 1+int(slots%16), 1<<(lists%4), 1+int(nodes%32), ops[:min(len(ops), 1000)])
	})
}
