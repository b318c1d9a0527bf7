//go:build linux

package load

import (
	"math"
	"sort"
	"sync/atomic"
)

// chooser maps the dice of a task to an address.
type chooser struct {
	cumulative []float64 // zipf: chance of an address up to each index
	turn       atomic.Uint64
}

const zipfExponent = 1.05

func newChooser(addresses int) *chooser {
	c := &chooser{cumulative: make([]float64, addresses)}
	sum := 0.0
	for i := range c.cumulative {
		sum += math.Pow(float64(i+1), -zipfExponent)
		c.cumulative[i] = sum
	}
	for i := range c.cumulative {
		c.cumulative[i] /= sum
	}
	return c
}

// pick returns the index of an address. Mixed is zipf, round robin and evenly
// at random, a third each.
func (c *chooser) pick(s Selection, t task) int {
	n := len(c.cumulative)
	switch s {
	case SelectZipf:
		return min(sort.SearchFloat64s(c.cumulative, t.Zipf), n-1)
	case selectRoundRobin:
		return int((c.turn.Add(1) - 1) % uint64(n))
	}
	switch third := t.Even * 3; {
	case third < 1:
		return c.pick(SelectZipf, t)
	case third < 2:
		return c.pick(selectRoundRobin, t)
	default:
		return min(int((third-2)*float64(n)), n-1)
	}
}
