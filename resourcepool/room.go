package resourcepool

import "github.com/slotpool/slotpool/internal/crowdlock"

// room is where Gets wait. All pools of a tree share one, as a slot that is
// freed in one of them may be due to a waiter of another.
//
// A pool's slotWaiters counts those whom a Put of one of its resources could
// serve: the waiters for slots of the pool itself and of the pools above it. It
// also counts each of these pools once that has slots to give up (see size.go).
// So a Put has one number to look at.
type room struct {
	waitLock crowdlock.Mutex
	ticket   uint64 // of the newest waiter
	everyone crowd  // in whatever queue
	orphans  orphans
	loans    loans

	allocating map[*opening]struct{} // for Close, which cancels them
}

// match serves the waiters for slots of p, oldest first, while there is
// anything to serve them with. Who joins an empty queue calls it in the same
// critical section: enqueue, then re-check (I6). Who joins others need not: they
// found nothing, and what has been freed or parked since then is theirs already,
// or about to be. Whoever frees a slot looks for waiters after that. waitLock is
// held, so that a slot is never taken for a waiter who is then served from
// elsewhere (I7).
func (p *pool) match() {
	p.payDebt()
	for {
		w := p.slotQueue.oldest
		switch {
		case w == nil:
			return
		case p.free.TryAcquire(w.home()):
			if p.parent == nil { // else it may have to wait for more
				w = p.slotQueue.choose()
			}
			p.serve(w)
		default:
			victim := p.claimFrom(w.resource)
			if victim == nil {
				p.cryForSlots()
				return
			}
			w = p.slotQueue.choose()
			p.serveWith(w, victim)
			w.wake()
		}
	}
}

// serve gives the waiter a free slot of p. If p is a sub-pool, that is leave to
// stand in line for a slot of the pool above, in its old turn. waitLock is held.
func (p *pool) serve(w *waiter) {
	if w.batch != nil && !w.batch.add(p) {
		return // it wants more of them
	}
	p.advance(w)
}

// advance makes a waiter that has what it wants of p wait for slots of the next
// pool above that it has not enough of. It is granted if there is none.
func (p *pool) advance(w *waiter) {
	p.dequeueSlotWaiter(w)
	for q := p.parent; q != nil; q = q.parent {
		if w.batch == nil || !w.batch.full(q) {
			q.joinSlotQueue(w)
			return
		}
	}
	w.give(grant{kind: grantSlot})
	w.wake()
}

// serveWith gives the waiter, which waits for a slot of p, that of a victim, which
// is one of the pools above as well. The caller wakes it. waitLock is held.
func (p *pool) serveWith(w *waiter, victim *resource) {
	p.lend(victim, p)
	if w.batch == nil {
		p.dequeueSlotWaiter(w)
		w.give(grant{kind: grantVictim, victim: victim, level: p})
		return
	}
	w.batch.addVictim(victim, p)
	if w.batch.full(p) {
		p.advance(w)
	}
}

// joinSlotQueue makes w wait for a slot of p. waitLock is held.
func (p *pool) joinSlotQueue(w *waiter) {
	alone := p.slotQueue.oldest == nil
	p.enqueueSlotWaiter(w)
	if alone {
		p.match()
	}
}

func (p *pool) enqueueSlotWaiter(w *waiter) {
	w.level = p
	p.slotQueue.insert(w)
	p.countSlotWaiters(1)
}

func (p *pool) dequeueSlotWaiter(w *waiter) {
	p.slotQueue.remove(w)
	p.countSlotWaiters(-1)
}

// countSlotWaiters counts a waiter for slots of p in all pools whose Puts could
// serve it.
func (p *pool) countSlotWaiters(n int64) {
	for _, q := range p.tree.Load().pools {
		q.slotWaiters.Add(n)
	}
}

// oldestSlotWaiter returns who has waited longest for a slot that a resource of
// p has, of those who still want it; nil if nobody waits. waitLock is held.
func (p *pool) oldestSlotWaiter() (oldest *waiter) {
	for q := p; q != nil; q = q.parent {
		if w := q.slotQueue.candidate(); w != nil && (oldest == nil || w.precedes(oldest)) {
			oldest = w
		}
	}
	return oldest
}

// freeSlots counts a slot as free, of p and of the pools above it up to but not
// including that, and sees to it that no waiter misses them.
//
// Lost wake-up: a waiter may come between the count and the load that sees
// none. It then looks for free slots after it enqueued, and this goroutine
// looks for waiters after it counted; whichever of the two is later in the
// one order of atomic operations sees the other (I6). It looks at each pool's
// number: a closed pool whose last slot this is may have left the tree since that
// was counted, and then its number has not who waits above it.
func (p *pool) freeSlots(home int, upTo *pool) {
	p.countFree(home, upTo)
	for q := p; q != upTo; q = q.parent {
		if q.slotWaiters.Load() != 0 {
			p.waitLock.Lock()
			p.matchUpTo(upTo)
			p.waitLock.Unlock()
			return
		}
	}
}

func (p *pool) countFree(home int, upTo *pool) {
	for q := p; q != upTo; q = q.parent {
		q.free.Release(home)
	}
}

func (p *pool) matchUpTo(upTo *pool) {
	for q := p; q != upTo; q = q.parent {
		q.match()
	}
}

// tryFree takes a free slot, of p and of each pool above it. If there is none
// it says which pool is full.
func (p *pool) tryFree(home int) (full *pool) {
	if !p.free.TryAcquire(home) {
		return p
	}
	for q := p.parent; q != nil; q = q.parent {
		if !q.free.TryAcquire(home) {
			p.freeSlots(home, q)
			return q
		}
	}
	return nil
}

// arrive gives a waiter its turn, or, if it is an opening, lets it have that of the
// Get that it is for. waitLock is held.
func (p *pool) arrive(w *waiter) {
	p.everyone.add(w)
	if w.isOpening() {
		return
	}
	p.ticket++
	w.ticket = p.ticket
	for q := p; q != nil; q = q.parent {
		q.waiting++
		q.waits++
	}
}

// depart ends a wait. waitLock is held.
func (p *pool) depart(w *waiter) {
	p.everyone.remove(w)
	if w.isOpening() {
		return
	}
	for q := p; q != nil; q = q.parent {
		q.waiting--
	}
}

// claimFrom is claimVictim, in p and in the pools below it, for a resource of
// any of them, or for none. waitLock is held. Of several pools one is drawn, by the slots they have
// in use, so that a small one does not pay for a large one.
func (p *pool) claimFrom(r *resource) *resource {
	tree := p.tree.Load().pools
	if len(tree) == 1 {
		return p.claimVictim(p.claimant(r))
	}
	first := p.draw(tree)
	for i := range tree {
		q := tree[(first+i)%len(tree)]
		if victim := q.claimVictim(q.claimant(r)); victim != nil {
			return victim
		}
	}
	return nil
}

// setAside spares claimFrom the pass over what is in use. waitLock is not needed.
func (p *pool) setAside() {
	for _, q := range p.tree.Load().pools {
		q.idle.SetAside()
	}
}

// claimant is on whose behalf p looks for a victim: r if it is one of its own.
func (p *pool) claimant(r *resource) *resource {
	if r == nil || r.pool != p {
		return &p.self
	}
	return r
}

// draw picks a pool of the tree, each as often as it has slots in use. A slot of
// a sub-pool counts in each pool above it too, which does no harm: it is idle
// resources that matter, and the next pool is asked where there are none.
func (p *pool) draw(tree []*pool) int {
	total := uint64(0)
	for _, q := range tree {
		total += q.taken()
	}
	p.draws++
	// The upper bits of the product pass for random.
	at := p.draws * 0x9E3779B97F4A7C15 >> 32 % max(total, 1)
	for i, q := range tree {
		n := q.taken()
		if at < n {
			return i
		}
		at -= n
	}
	return 0
}
