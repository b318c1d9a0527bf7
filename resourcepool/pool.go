package resourcepool

import (
	"sync"
	"sync/atomic"

	"github.com/slotpool/slotpool/internal/shard"
	"golang.org/x/sys/cpu"
)

// pool is the body of Pool. A slot is at any moment in one of four places: in
// free; with a resident resource of one shard; in a grant on its way to a
// waiter; or in the hands of a Get, Put or Release that is under way (I1).
type pool struct {
	max    uint
	name   string
	free   *shard.Slots
	shards []residents
	era    atomic.Uint64 // where it stands in a state word; each Get loads it

	_           cpu.CacheLinePad
	slotWaiters atomic.Int64 // length of slotQueue; Put loads it
	_           cpu.CacheLinePad

	created atomic.Uint64 // spreads resources without a key over the shards
	board   scoreboard

	waitLock  sync.Mutex
	slotQueue waiterQueue // one for each seeking resource that must wait (I5)
	ticket    uint64      // of the newest waiter, and so the number of all
	waiting   uint        // waiters in all queues

	counts counts
}

// newPool makes a pool with so many shards of slots and of residents, both of
// them powers of two.
func newPool(max uint, name string, counts, lists int) *Pool {
	p := &Pool{pool{
		max:    max,
		name:   name,
		free:   shard.NewSlots(max, counts),
		shards: make([]residents, lists),
	}}
	p.p.board.init(uint64(max))
	for i := range p.p.shards {
		p.p.shards[i].init(&p.p, i)
	}
	if name != "" {
		register(p)
	}
	return p
}

func (p *pool) create(target AllocateReleaser, home int) *Resource {
	if target == nil {
		panic("resourcepool: Create with a nil AllocateReleaser")
	}
	return &Resource{resource{pool: p, target: target, home: int32(home)}}
}

// nextShard picks the home of a resource without a key: each shard in turn.
func (p *pool) nextShard() int { return int(p.created.Add(1) % uint64(p.free.Shards())) }

// nextEra begins a new era. Two at once may make one of it, but never go back.
func (p *pool) nextEra() {
	era := p.era.Load()
	p.era.CompareAndSwap(era, (era+oneEra)&eraMask)
}

// match serves slot waiters, oldest first, while there is anything to serve
// them with. Who joins an empty queue calls it in the same critical section:
// enqueue, then re-check (I6). Who joins others need not: they found nothing,
// and what has been freed or parked since then is theirs already, or about to
// be. Whoever frees a slot looks for waiters after that. waitLock is held, so
// that a slot is never taken for a waiter who is then served from elsewhere (I7).
func (p *pool) match() {
	for p.slotQueue.oldest != nil {
		r := p.slotQueue.oldest.resource
		if p.free.TryAcquire(int(r.home)) {
			p.giveOldest(grant{kind: grantSlot}).wake()
		} else if victim := p.claimVictim(r); victim != nil {
			p.giveOldest(grant{kind: grantVictim, victim: victim}).wake()
		} else {
			return
		}
	}
}

// giveOldest grants g to the oldest slot waiter, which is to be woken. waitLock
// is held.
func (p *pool) giveOldest(g grant) *waiter {
	w := p.slotQueue.oldest
	p.dequeueSlotWaiter(w)
	w.give(g)
	return w
}

// freeSlot counts a slot as free and sees to it that no waiter misses it.
//
// Lost wake-up: a waiter may come between the count and the load that sees
// none. It then looks for free slots after it enqueued, and this goroutine
// looks for waiters after it counted; whichever of the two is later in the
// one order of atomic operations sees the other (I6).
func (p *pool) freeSlot(home int) {
	p.free.Release(home)
	if p.slotWaiters.Load() != 0 {
		p.waitLock.Lock()
		p.match()
		p.waitLock.Unlock()
	}
}

func (p *pool) enqueueSlotWaiter(w *waiter) {
	p.slotQueue.insert(w)
	p.slotWaiters.Add(1)
}

func (p *pool) dequeueSlotWaiter(w *waiter) {
	p.slotQueue.remove(w)
	p.slotWaiters.Add(-1)
}

// arrive gives a waiter its turn. waitLock is held.
func (p *pool) arrive(w *waiter) {
	p.ticket++
	p.waiting++
	w.ticket = p.ticket
}
