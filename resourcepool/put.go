package resourcepool

// put is the hot half of Put: in use to idle in one compare-and-swap, then
// one load to see whether somebody waits for a slot.
func (r *resource) put() {
	w := r.state.W.Load()
	if w&putMask != putFrom || !r.state.W.CompareAndSwap(w, w+putStep) {
		r.putSlow(anyGeneration)
		return
	}
	if r.pool.slotWaiters.Load() != 0 {
		r.offer()
	}
}

// putGeneration is put for the holder of one generation. A generation that
// was seen in use ends by its holder's hand alone, so a stale one is caught by
// comparing whenever the word is read.
func (r *resource) putGeneration(generation uint32) {
	w := r.state.W.Load()
	if generationOf(w) != generation || w&putMask != putFrom ||
		!r.state.W.CompareAndSwap(w, w+putStep) {
		r.putSlow(uint64(generation))
		return
	}
	if r.pool.slotWaiters.Load() != 0 {
		r.offer()
	}
}

const anyGeneration = 1 << 32 // out of the range of a generation

func (r *resource) putSlow(generation uint64) {
	for {
		w := r.state.W.Load()
		switch {
		case generation != anyGeneration && uint32(generation) != generationOf(w):
			return // released since, and allocated for somebody else
		case phaseOf(w) == phaseIdle:
			panic("Resource was not gotten")
		case phaseOf(w) != phaseInUse:
			return // released since, perhaps being allocated for somebody else
		case w&markScheduled != 0:
			if r.state.W.CompareAndSwap(w, inPhase(w, phaseReleasing)) {
				_ = r.close() // kept as the last error
				return
			}
		default:
			if r.yield(w) {
				return
			}
		}
	}
}

// yield passes a resource that w says is in use, or releasing with Release not
// yet called, to a waiter or parks it. False means that the word changed and
// nothing was done.
func (r *resource) yield(w uint64) bool {
	if w&markWaiters != 0 {
		return r.handOver(w)
	}
	if !r.state.W.CompareAndSwap(w, inPhase(w, phaseIdle)|markListed) {
		return false
	}
	if w&markListed == 0 {
		r.pool.idle.Park(&r.state.Node)
	}
	// Lost wake-up: a waiter that came before the swap above may have looked
	// for idle resources and found this one in use. The load comes after the
	// swap, so it sees that waiter; one that comes later finds this resource
	// idle, and on the stack (I6).
	if r.pool.slotWaiters.Load() != 0 {
		r.offer()
	}
	return true
}

// handOver passes a resource for which Gets wait to the oldest of them, or
// its slot to a waiter for a slot who is older still. It fails if the last
// waiter has just left, or if the resource is no longer in the phase and of the
// generation that seen has.
func (r *resource) handOver(seen uint64) bool {
	p := r.pool
	p.waitLock.Lock()
	next, owes, done := r.passOn(seen)
	p.waitLock.Unlock()
	r.follow(next, owes)
	return done
}

// passOn is handOver up to the waking of the waiter it returns, or to the release
// of r for a pool that it returns. waitLock is held.
func (r *resource) passOn(seen uint64) (next *waiter, owes *pool, done bool) {
	heir, other := r.waiters.candidate(), r.pool.oldestSlotWaiter()
	w := r.state.W.Load()
	if heir == nil || phaseOf(w) != phaseOf(seen) || generationOf(w) != generationOf(seen) {
		return nil, nil, false
	}
	owes = r.pool.owing()
	if owes != nil || other != nil && other.precedes(heir) {
		if !r.state.W.CompareAndSwap(w, inPhase(w, phaseReleasing)) {
			return nil, nil, false
		}
		return r.beVictim(owes, other), owes, true
	}
	if !r.use(w) {
		return nil, nil, false
	}
	heir = r.waiters.choose()
	r.leaveQueue(heir)
	heir.give(grant{kind: grantHeld, generation: generationOf(w)})
	return heir, nil, true
}

// beVictim gives the slot of r, which is releasing, to a pool that owes one, and else
// to the waiter, who pays for the release and is to be woken. waitLock is held.
func (r *resource) beVictim(owes *pool, next *waiter) *waiter {
	if owes != nil {
		owes.size.shedding++
		return nil
	}
	level := next.level
	next = level.slotQueue.choose()
	level.serveWith(next, r)
	return next
}

// follow does what is left to do without the lock when r was passed on.
func (r *resource) follow(next *waiter, owes *pool) {
	switch {
	case next != nil:
		next.wake()
	case owes != nil:
		r.shed(owes)
	}
}

// offer gives the slot of a resource that was just parked to the oldest slot
// waiter, who pays for the release, or up if the pool has too many. If others got
// the resource meanwhile, the offer is theirs to make when they put it.
func (r *resource) offer() {
	p := r.pool
	p.waitLock.Lock()
	owes, next := p.owing(), p.oldestSlotWaiter()
	if owes == nil && (next == nil || r.sameGroup(next)) || !r.state.move(phaseIdle, phaseReleasing, 0) {
		p.waitLock.Unlock()
		return
	}
	next = r.beVictim(owes, next)
	p.waitLock.Unlock()
	r.follow(next, owes)
}

// unclaim takes back the choice of r as a victim, before its Release: it is
// parked again, or goes to whoever has come to wait for it meanwhile.
func (r *resource) unclaim() {
	defer r.pool.endLoan(r.pool.takeLoan(r))
	for {
		w := r.state.W.Load()
		if w&markScheduled != 0 { // a release was asked for meanwhile
			_ = r.close()
			return
		}
		if r.group != nil {
			if r.group.park(r, w) {
				return
			}
		} else if r.yield(w) {
			return
		}
	}
}
