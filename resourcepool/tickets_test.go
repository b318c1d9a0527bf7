package resourcepool

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// ending is a waiter with a context that has ended, or that has not.
func ending(ticket uint64, over bool) *waiter {
	w := &waiter{ticket: ticket, closes: make(chan struct{})}
	if over {
		w.closes = closed
	}
	return w
}

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// Whatever comes, leaves and ends between grants, the oldest of those that have not ended is
// chosen, and those with one ticket go in the order in which they joined. Tickets wrap meanwhile.
func TestChooseFindsTheOldestOfThoseWithOneTicketToo(t *testing.T) {
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 0))
		var q waiterQueue
		var model []*waiter
		for step := range 60 {
			switch at := random.IntN(6); {
			case at < 3:
				w := ending(uint64(random.IntN(20))-10, random.IntN(3) > 0)
				q.insert(w)
				i := 0
				for i < len(model) && !w.olderThan(model[i]) {
					i++
				}
				model = slices.Insert(model, i, w)
			case len(model) == 0:
			case at == 3:
				i := random.IntN(len(model))
				q.remove(model[i])
				if w := model[i]; w.passed != nil || w.next != nil || w.queue != nil {
					t.Fatal("who has left keeps others alive")
				}
				model = slices.Delete(model, i, i+1)
			case at == 4:
				model[random.IntN(len(model))].closes = closed
			default:
				want := model[0]
				if i := slices.IndexFunc(model, func(w *waiter) bool { return w.closes != closed }); i >= 0 {
					want = model[i]
				}
				if got := q.choose(); got != want {
					t.Fatalf("seed %d, step %d: %d is chosen, want %d", seed, step, got.ticket, want.ticket)
				}
			}
			if all := slices.Collect(q.each); !slices.Equal(all, model) {
				t.Fatalf("seed %d, step %d: not in order of the tickets", seed, step)
			}
			for _, w := range model {
				if w != q.oldest && w.passed != nil {
					t.Fatalf("seed %d, step %d: one keeps passed that is not the oldest", seed, step)
				}
			}
		}
	}
}
