package sched

import (
	"math/rand/v2"
	"slices"
)

// chooser decides who goes on.
type chooser interface {
	begin(*run)
	task(r *run, enabled []*task) int // which of several
	data(r *run, n int) int
	everywhere() bool // also where it makes no difference to a search through all
}

// search goes through all schedules with up to a number of preemptions, that
// is, turns taken from a task that could have gone on. Each run follows the
// nodes so far and takes the first way beyond them.
type search struct {
	bound   int
	nodes   []node
	depth   int
	left    int              // preemptions, in this run
	visited map[uint64]uint8 // states, and with how many preemptions left plus one
	pruned  bool             // what follows has been gone through
	size    int              // of visited, at most
}

type node struct{ n, at uint8 }

func newSearch(bound int) *search {
	return &search{bound: bound, visited: map[uint64]uint8{}, size: 8 << 20}
}

func (s *search) everywhere() bool { return false }

func (s *search) begin(*run) { s.depth, s.left, s.pruned = 0, s.bound, false }

func (s *search) task(r *run, enabled []*task) int {
	first := slices.Index(enabled, r.current)
	free := first < 0 // the current task cannot go on anyway
	if free {
		first = 0
	}
	if !free && s.left == 0 {
		return first
	}
	turn := uint64(1) // whose it is
	if !free {
		turn = uint64(r.current.id) + 2
	}
	i := (s.branch(r, len(enabled), turn) + first) % len(enabled)
	if i != first && !free {
		s.left--
	}
	return i
}

func (s *search) data(r *run, n int) int { return s.branch(r, n, uint64(r.current.id)+1000) }

// branch returns the way to go among n. The state is that of the run, with what
// is to be decided in it.
func (s *search) branch(r *run, n int, what uint64) int {
	if s.depth < len(s.nodes) {
		at := s.nodes[s.depth]
		if int(at.n) != n {
			panic("sched: the scenario does not do the same each time")
		}
		s.depth++
		return int(at.at)
	}
	if s.pruned || s.known(r, what) {
		s.pruned = true
		return 0
	}
	s.nodes = append(s.nodes, node{n: uint8(n)})
	s.depth++
	return 0
}

func (s *search) known(r *run, what uint64) bool {
	key := mix(r.hash, what)
	left := uint8(s.left) + 1
	if s.visited[key] >= left {
		return true
	}
	if len(s.visited) < s.size {
		s.visited[key] = left
	}
	return false
}

// next moves on to the next schedule; false if there is none.
func (s *search) next() bool {
	for len(s.nodes) > 0 {
		last := &s.nodes[len(s.nodes)-1]
		if last.at+1 < last.n {
			last.at++
			return true
		}
		s.nodes = s.nodes[:len(s.nodes)-1]
	}
	return false
}

// walk chooses at random; the current task goes on with three chances in four.
type walk struct {
	seed uint64
	rng  *rand.Rand
}

func (w *walk) everywhere() bool { return true }
func (w *walk) begin(*run)       { w.rng = rand.New(rand.NewPCG(w.seed, 1)) }

func (w *walk) task(r *run, enabled []*task) int {
	if i := slices.Index(enabled, r.current); i >= 0 && w.rng.IntN(4) != 0 {
		return i
	}
	return w.rng.IntN(len(enabled))
}

func (w *walk) data(_ *run, n int) int { return w.rng.IntN(n) }

// pct gives the tasks priorities at random, and at a few steps, chosen at random
// too, puts the current one last (Burckhardt et al., 2010). A bug that needs
// changes+1 orderings is found with a chance of at least 1 in tasks*steps^changes.
type pct struct {
	seed    uint64
	changes int
	steps   int // of a run, about
	rng     *rand.Rand
	at      []int
	ranks   []int
	last    int
}

func (c *pct) everywhere() bool { return true }

func (c *pct) begin(r *run) {
	c.rng = rand.New(rand.NewPCG(c.seed, 2))
	c.at, c.last = c.at[:0], 0
	for range c.changes {
		c.at = append(c.at, c.rng.IntN(max(c.steps, 1)))
	}
	c.ranks = c.ranks[:0]
}

func (c *pct) task(r *run, enabled []*task) int {
	for len(c.ranks) < len(r.tasks) {
		c.ranks = append(c.ranks, 1+c.rng.IntN(1<<20))
	}
	if slices.Contains(c.at, r.steps) && r.current != nil {
		c.last--
		c.ranks[r.current.id] = c.last
	}
	best := 0
	for i, t := range enabled {
		if c.ranks[t.id] > c.ranks[enabled[best].id] {
			best = i
		}
	}
	return best
}

func (c *pct) data(_ *run, n int) int { return c.rng.IntN(n) }

// replay follows the choices of an earlier run.
type replay struct {
	choices []byte
	at      int
	every   bool
}

func (p *replay) everywhere() bool { return p.every }
func (p *replay) begin(*run)       { p.at = 0 }

func (p *replay) task(r *run, enabled []*task) int {
	if p.at >= len(p.choices) {
		return max(slices.Index(enabled, r.current), 0)
	}
	return p.data(r, len(enabled))
}

func (p *replay) data(_ *run, n int) int {
	if p.at >= len(p.choices) {
		return 0
	}
	p.at++
	return min(int(p.choices[p.at-1]), n-1)
}
