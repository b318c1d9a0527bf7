package resourcepool

import (
	"context"
	"math/rand/v2"
	"testing"
)

// cancelledQueue has waiters that nobody runs, whose canceler is the context's.
type cancelledQueue struct {
	q       waiterQueue
	all     []*waiter // by ticket
	lapsed  map[*waiter]bool
	tickets uint64
}

func (c *cancelledQueue) add(ticket uint64) {
	w := &waiter{ticket: ticket, closes: make(chan struct{})}
	at := 0
	for at < len(c.all) && c.all[at].olderThan(w) {
		at++
	}
	c.all = append(c.all[:at], append([]*waiter{w}, c.all[at:]...)...)
	c.q.insert(w)
}

func (c *cancelledQueue) remove(at int) {
	c.q.remove(c.all[at])
	c.all = append(c.all[:at], c.all[at+1:]...)
}

func (c *cancelledQueue) cancel(at int) {
	w := c.all[at]
	over := make(chan struct{})
	close(over)
	w.closes = over
	c.lapsed[w] = true
}

// wanted is the oldest that has not been cancelled, or the oldest.
func (c *cancelledQueue) wanted() *waiter {
	for _, w := range c.all {
		if !c.lapsed[w] {
			return w
		}
	}
	return c.all[0]
}

// A grant goes on where the last one stopped looking, though waiters come, also between those that
// have been looked at, and leave, also those that the place is remembered by.
func TestGrantGoesPastNobodyWhoHasNotBeenCancelled(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		c := &cancelledQueue{lapsed: map[*waiter]bool{}, tickets: 1 << 40}
		for step := range 400 {
			switch n := random.IntN(10); {
			case n < 3 || len(c.all) == 0:
				c.tickets += 1 << 20
				c.add(c.tickets)
			case n == 3: // has waited elsewhere
				c.add(c.all[random.IntN(len(c.all))].ticket - 1 - uint64(random.IntN(1<<19)))
			case n < 7:
				c.cancel(random.IntN(min(len(c.all), 1+random.IntN(8))))
			case n == 7:
				c.remove(random.IntN(len(c.all)))
			default:
				if w := c.q.choose(); w != c.wanted() {
					t.Fatalf("seed %d, step %d: %d has it, want %d", seed, step, w.ticket, c.wanted().ticket)
				}
			}
		}
	}
}

// 64 was the number of cancelled ones that were looked past. In a storm thousands are.
func TestHundredsOfCancelledDoNotTakeTheGrant(t *testing.T) {
	p := New(1, "")
	holder := p.Create(nothing{})
	mustGet(t, holder)
	ctx, cancel := context.WithCancel(t.Context())
	for range 1000 {
		asleep(p, ctx)
	}
	wanting := asleep(p, t.Context())
	cancel()
	holder.Put()
	if wanting.queue != nil {
		t.Error("one who has been cancelled has the slot")
	}
}

// oneBehindCancelled has more cancelled waiters than one grant looks past, and behind them one that is not.
func oneBehindCancelled() *cancelledQueue {
	c := &cancelledQueue{lapsed: map[*waiter]bool{}}
	for range 3 * mostLapsed {
		c.tickets++
		c.add(c.tickets)
		c.cancel(len(c.all) - 1)
	}
	c.add(c.tickets + 1)
	return c
}

// More than one grant may look past do not either, in the end.
func TestThousandsOfCancelledDoNotTakeEachGrant(t *testing.T) {
	c, grants := oneBehindCancelled(), 0
	for c.q.choose() != c.wanted() {
		grants++
	}
	if grants > 3 {
		t.Errorf("%d grants went to those who have been cancelled", grants)
	}
}

// A grant to one that has been cancelled takes it out of the queue. The next one looks on behind those
// that have been looked past.
func TestOldestLeavesAndTheNextGrantLooksOn(t *testing.T) {
	c, grants := oneBehindCancelled(), 0
	for c.q.choose() != c.wanted() {
		grants++
		c.remove(0)
	}
	if grants > 3 {
		t.Errorf("%d grants went to those who have been cancelled", grants)
	}
}

// A context may end before its Get sleeps: in an overload many do, as they had to wait for
// the lock. The member would come back a turn of all processors later.
func TestMemberIsNotHandedToContextThatEndedBeforeItsGetSlept(t *testing.T) {
	p := New(1, "")
	g := p.NewGroup("k", 0, func() AllocateReleaser { return nothing{} })
	r, err := g.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone, wanting := g.g.enqueue(ctx), g.g.enqueue(t.Context())
	cancel()
	g.Put(r, r.Generation())
	if wanting.queue != nil || gone.queue == nil {
		t.Fatal("the one whose context has ended has it")
	}
	if _, err := g.g.await(gone, ctx); err == nil {
		t.Error("served")
	}
	r, err = g.g.await(wanting, t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g.Put(r, r.Generation())
	wantUsage(t, p, 0, 1, 0)
}
