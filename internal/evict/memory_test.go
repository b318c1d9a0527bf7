package evict

import "testing"

func TestMemoryOutlivesTheNode(t *testing.T) {
	r := newRig(t, 4, 1, 40)
	key := uint64(0x1234_5678_0000_0001)
	for i, n := range r.nodes {
		n.Remember()
		r.keys[n] = key + uint64(i)<<32
	}
	r.costs = func(int) int64 { return 1 << 20 }
	for i := range 6 {
		r.visit(i)
		r.visit(i)
	}
	old := r.gone[0]
	// another node of the same address
	n := &Node{}
	n.Remember()
	r.keys[n] = r.keys[r.nodes[old]]
	r.nodes = append(r.nodes, n)
	r.dials = append(r.dials, 0)
	s := r.list()
	s.recall(n)
	if n.cost != 20 || n.freq == 0 || n.by == none {
		t.Errorf("remembered %+v", n.record)
	}
	s.recall(n)
	if n.by != none {
		t.Error("one eviction would be regretted twice")
	}
	if n.cost != 20 {
		t.Error("the cost is forgotten with that")
	}
	r.visit(40)
	r.audit()
}

func TestMemoryIsBounded(t *testing.T) {
	const slots = 64
	r := newRig(t, slots, 1, 10_000)
	for i, n := range r.nodes {
		n.Remember()
		r.keys[n] = uint64(i) * 0x9E3779B97F4A7C15
	}
	for i := range r.nodes {
		r.visit(i)
	}
	s := r.list()
	if n := len(s.kept); n < recordsASlot*slots || n > 4*recordsASlot*slots {
		t.Errorf("%d records for %d slots", n, slots)
	}
	found := 0
	for i := len(r.gone) - slots; i < len(r.gone); i++ { // the latest victims
		n := r.nodes[r.gone[i]]
		if s.recall(n); n.by != none {
			found++
		}
	}
	if found < slots*9/10 {
		t.Errorf("%d of the %d latest are remembered", found, slots)
	}
	r.lists.Resize(4 * slots)
	s.keep(r.nodes[r.gone[0]])
	if n := len(s.kept); n < recordsASlot*4*slots || len(s.older) == 0 {
		t.Errorf("%d records, %d older, for four times the slots", n, len(s.older))
	}
}
