package work

import "sync/atomic"

// Floor is no pool but the least that one could do: a compare-and-swap to
// take a resource and one to give it back, on a word that lies in two cache
// lines of its own, as a Resource does. Nobody waits for another's resource in
// it. Where that is what a work is about, it is instead the least that passes
// slots on in order of arrival.
var Floor = Named("floor", func(s Shape) Pool {
	if s.Waits {
		return newHandoffs(s)
	}
	if s.Slots < s.Resources {
		return nil
	}
	words := make([]word, s.Resources)
	p := make(floor, s.Resources)
	for i := range p {
		p[i] = &words[i]
	}
	return p
})

type word struct {
	state atomic.Uint64
	_     [120]byte
}

type floor []*word

func (p floor) Walk(order []int) func(n int) {
	list := Arrange(p, order)
	return func(n int) {
		for ; n > 0; n -= len(list) {
			for _, w := range list[:min(n, len(list))] {
				w.take()
				w.give()
			}
		}
	}
}

func (p floor) User(i int) User { return p[i] }

func (w *word) take() bool { return w.state.CompareAndSwap(w.state.Load()&^1, 1) }
func (w *word) give() bool { return w.state.CompareAndSwap(w.state.Load()|1, 0) }

// Get and Put are take and give as a User does them.
func (w *word) Get() { w.take() }
func (w *word) Put() { w.give() }
