package trace

import (
	"slices"
	"testing"
)

// naive finds each victim among all residents by looking at all that has
// happened, and keeps no structure that could be wrong.
type naive struct {
	held    func(uint32) bool
	queue   []uint32 // residents in order of arrival
	visited map[uint32]bool
	uses    map[uint32]int
	last    map[uint32]int
	now     int
	pick    func(*naive) int // place in queue
}

func newNaive(pick func(*naive) int) NewRule {
	return func(_ *Trace, held func(uint32) bool) Rule {
		return &naive{held: held, visited: map[uint32]bool{}, uses: map[uint32]int{}, last: map[uint32]int{}, pick: pick}
	}
}

func (r *naive) Put(uint32) {}
func (r *naive) Hit(a uint32) {
	r.now++
	r.visited[a], r.last[a] = true, r.now
	r.uses[a]++
}

func (r *naive) Insert(a uint32) {
	r.now++
	r.queue = append(r.queue, a)
	r.visited[a], r.last[a], r.uses[a] = false, r.now, 1
}

func (r *naive) Victim(uint32) uint32 {
	i := r.pick(r)
	a := r.queue[i]
	r.queue = slices.Delete(r.queue, i, i+1)
	return a
}

func secondChance(r *naive) int {
	for a := r.queue[0]; r.visited[a] || r.held(a); a = r.queue[0] {
		r.visited[a] = false
		r.queue = append(r.queue[1:], a)
	}
	return 0
}

func leastUsed(r *naive) int {
	best := -1
	for i, a := range r.queue {
		if r.held(a) {
			continue
		}
		if best < 0 || r.uses[a] < r.uses[r.queue[best]] ||
			r.uses[a] == r.uses[r.queue[best]] && r.last[a] < r.last[r.queue[best]] {
			best = i
		}
	}
	return best
}

func TestRulesChooseAsNaiveOnes(t *testing.T) {
	for _, c := range []struct {
		name        string
		rule, naive NewRule
	}{
		{"CLOCK", NewCLOCK, newNaive(secondChance)},
		{"LFU", NewLFU, newNaive(leastUsed)},
	} {
		for users := 1; users <= 2; users++ {
			for seed := range 200 {
				trace := randomTrace(users, uint64(seed))
				if got, want := Dials(trace, c.rule), Dials(trace, c.naive); got != want {
					t.Errorf("%s, %d users, seed %d: %d dials, naive %d", c.name, users, seed, got, want)
				}
			}
		}
	}
}
