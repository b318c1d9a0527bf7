package evict

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The lists as one would write them with slices, oldest first.

// bytesOf yields operations, each of two bytes: what, and on which.
func bytesOf(ops []byte) func(yield func(op, i int) bool) {
	return func(yield func(op, i int) bool) {
		for ; len(ops) > 1; ops = ops[2:] {
			if !yield(int(ops[0]), int(ops[1])) {
				return
			}
		}
	}
}

func randomBytes(rng *rand.Rand, n int) []byte {
	all := make([]byte, n)
	for i := range all {
		all[i] = byte(rng.Uint32())
	}
	return all
}

// backwards is what a chain has from its newest on by prev, oldest first.
func backwards(c *chain, k int) (nodes []*Node) {
	for n := c.newest; n != nil; n = n.links[k].prev {
		nodes = append(nodes, n)
	}
	slices.Reverse(nodes)
	return nodes
}

func forwards(c *chain, k int) (nodes []*Node) {
	for n := c.oldest; n != nil; n = n.links[k].next {
		nodes = append(nodes, n)
	}
	return nodes
}

// twoChains are linked by k, and have all nodes in one of both.
type twoChains struct {
	t      *testing.T
	k      int
	chains [2]chain
	model  [2][]*Node
}

// take takes n off its chain. What is on none keeps no other from being collected.
func (c *twoChains) take(n *Node) {
	for i := range c.model {
		if at := slices.Index(c.model[i], n); at >= 0 {
			c.chains[i].remove(n, c.k)
			c.model[i] = slices.Delete(c.model[i], at, at+1)
		}
	}
	if n.links[c.k] != (links{}) {
		c.t.Fatal("a node that is on no chain has links")
	}
}

func (c *twoChains) play(op, to int, n *Node) {
	chain, all := &c.chains[to], &c.model[to]
	if op%8 == 7 {
		chain.prepend(&c.chains[1-to], c.k)
		*all, c.model[1-to] = append(c.model[1-to], *all...), nil
		return
	}
	c.take(n)
	if op%8 < 3 || len(*all) == 0 {
		chain.pushNewest(n, c.k)
		*all = append(*all, n)
		return
	}
	at := op / 8 % len(*all)
	chain.insertBefore(n, (*all)[at], c.k)
	*all = slices.Insert(*all, at, n)
}

// playChains has nodes lie on chains by both of their links.
func playChains(t *testing.T, ops []byte) {
	nodes := make([]Node, 12)
	by := [2]twoChains{{t: t, k: byArrival}, {t: t, k: byEra}}
	for i := range nodes {
		by[0].play(0, i%2, &nodes[i])
		by[1].play(0, i%2, &nodes[i])
	}
	for op, i := range bytesOf(ops) {
		by[op%2].play(op/4, op/2%2, &nodes[i%len(nodes)])
		for k := range by {
			for j, want := range by[k].model {
				c := &by[k].chains[j]
				if !slices.Equal(forwards(c, k), want) || !slices.Equal(backwards(c, k), want) {
					t.Fatalf("after op %d on %d links %d, chain %d is not what it should be", op, i, k, j)
				}
			}
		}
	}
}

func TestChainsAreSlices(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	for range 200 {
		playChains(t, randomBytes(rng, 400))
	}
}

func FuzzChains(f *testing.F) {
	f.Add([]byte{0, 0, 28, 1, 13, 2, 31, 3})
	f.Fuzz(func(t *testing.T, ops []byte) { playChains(t, ops[:min(len(ops), 1000)]) })
}

// eraModel has main by age in eras: all[0] are of the newest one, all[31] of the oldest and those before it.
type eraModel struct {
	now int
	all [eraLists][]*Node
}

// age is that of what is dated so: unheard of is newest, and the word tells no more than
// 127 eras back.
func (m *eraModel) age(era int) int { return min(max(m.now-era, 0), eraLists-1) }

func (m *eraModel) advance() {
	m.now++
	oldest := m.all[eraLists-1]
	copy(m.all[1:], m.all[:eraLists-1])
	m.all[0] = nil
	m.all[eraLists-1] = append(slices.Clone(oldest), m.all[eraLists-1]...)
}

func (m *eraModel) remove(n *Node) {
	for i := range m.all {
		m.all[i] = slices.DeleteFunc(m.all[i], func(x *Node) bool { return x == n })
	}
}

// playEras dates nodes, takes them off, and lets eras pass, also more than there are lists,
// and over the wrap of both numbers.
func playEras(t *testing.T, from uint16, ops []byte) {
	s, m, nodes, on := &List{}, &eraModel{now: int(from)}, make([]Node, 40), map[*Node]bool{}
	s.era = from
	for i := range nodes {
		nodes[i].W.Store(Idle | Listed)
	}
	for op, i := range bytesOf(ops) {
		n := &nodes[i%len(nodes)]
		switch {
		case op < 200:
			if on[n] {
				if s.undated(n); n.links[byEra] != (links{}) {
					t.Fatal("a node that is on no list has links")
				}
				m.remove(n)
			}
			if on[n] = !on[n]; on[n] {
				era := m.now + 2 - op%40
				if op > 190 {
					era = m.now - 120 + op%8
				}
				n.W.Store(n.W.Load()&^EraMask | uint64(uint8(era))*OneEra)
				s.dated(n, uint8(era))
				m.all[m.age(era)] = append(m.all[m.age(era)], n)
			}
		case op < 250:
			s.advance(uint8(m.now + 1 + op%3))
			for range 1 + op%3 {
				m.advance()
			}
		default:
			s.advance(uint8(m.now - 1)) // the pool's never goes back, but who read it may be late
			s.advance(uint8(m.now + 100))
			for range 100 {
				m.advance()
			}
		}
		wantEras(t, s, m, on)
	}
}

// wantEras compares each list, and what oldestOfMain finds: the oldest that is where its word says.
func wantEras(t *testing.T, s *List, m *eraModel, on map[*Node]bool) {
	t.Helper()
	if s.era != uint16(m.now) {
		t.Fatalf("era %d, want %d", s.era, uint16(m.now))
	}
	for age, want := range m.all {
		at := int(s.era-uint16(age)) % eraLists
		c := &s.eras.lists[at]
		if !slices.Equal(forwards(c, byEra), want) || !slices.Equal(backwards(c, byEra), want) {
			t.Fatalf("era %d: what was gotten %d eras ago is not what it should be: %d, want %d", s.era, age, len(forwards(c, byEra)), len(want))
		}
		if len(want) != 0 && s.eras.some>>at&1 == 0 {
			t.Fatalf("the list of %d eras ago has some, and its bit is not set", age)
		}
	}
	for age := eraLists - 1; age >= 0; age-- {
		if len(m.all[age]) == 0 {
			continue
		}
		want := m.all[age][0]
		s.steps = choosySteps // so that it is not dated anew, which changes the lists
		if n, _, found := s.oldestOfMain(0); n != want || int(found) != age {
			t.Fatalf("the oldest is said to be %d eras old, want %d", found, age)
		}
		if n, _, _ := s.oldestOfMain(uint8(age) + 1); n != nil {
			t.Fatalf("one of %d eras ago is taken for older", age)
		}
		return
	}
	if n, _, _ := s.oldestOfMain(0); n != nil {
		t.Fatal("one is found where there is none")
	}
}

func TestErasAreSlices(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 3))
	for i := range 300 {
		from := []uint16{0, 200, 250, 1<<16 - 3, 1<<16 - 60, uint16(rng.Uint32())}[i%6]
		playEras(t, from, randomBytes(rng, 300))
	}
}

func FuzzEras(f *testing.F) {
	f.Add(uint16(1<<16-3), []byte{1, 1, 45, 2, 240, 0, 195, 3, 255, 0, 1, 1})
	f.Fuzz(func(t *testing.T, from uint16, ops []byte) { playEras(t, from, ops[:min(len(ops), 1000)]) })
}
