package resourcepool

// put is the hot half of Put: in use to idle in one compare-and-swap, then
// one load to see whether somebody waits for a slot.
func (r *resource) put() {
	w := r.state.w.Load()
	if w&putMask != putFrom || !r.state.w.CompareAndSwap(w, w+putStep) {
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
	w := r.state.w.Load()
	if generationOf(w) != generation || w&putMask != putFrom ||
		!r.state.w.CompareAndSwap(w, w+putStep) {
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
		w := r.state.w.Load()
		switch {
		case generation != anyGeneration && uint32(generation) != generationOf(w):
			return // released since, and allocated for somebody else
		case phaseOf(w) == phaseIdle:
			panic("Resource was not gotten")
		case phaseOf(w) != phaseInUse:
			return // released since, perhaps being allocated for somebody else
		case w&markScheduled != 0:
			if r.state.w.CompareAndSwap(w, inPhase(w, phaseReleasing)) {
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
	if !r.state.w.CompareAndSwap(w, inPhase(w, phaseIdle)|markListed) {
		return false
	}
	if w&markListed == 0 {
		r.shard().parked.Push(r)
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
	w := r.passOn(seen)
	p.waitLock.Unlock()
	if w == nil {
		return false
	}
	w.wake()
	return true
}

// passOn is handOver up to the waking of the waiter it returns. waitLock is
// held.
func (r *resource) passOn(seen uint64) *waiter {
	heir, other := r.waiters.oldest, r.pool.slotQueue.oldest
	w := r.state.w.Load()
	if heir == nil || phaseOf(w) != phaseOf(seen) || generationOf(w) != generationOf(seen) {
		return nil
	}
	if other != nil && other.olderThan(heir) {
		if !r.state.w.CompareAndSwap(w, inPhase(w, phaseReleasing)) {
			return nil
		}
		return r.pool.giveOldest(grant{kind: grantVictim, victim: r})
	}
	if !r.use(w) {
		return nil
	}
	r.leaveQueue(heir)
	heir.give(grant{kind: grantHeld, generation: generationOf(w)})
	return heir
}

// offer gives the slot of a resource that was just parked to the oldest slot
// waiter, who pays for the release. If others got the resource meanwhile, the
// offer is theirs to make when they put it.
func (r *resource) offer() {
	p := r.pool
	var w *waiter
	p.waitLock.Lock()
	if p.slotQueue.oldest != nil && r.state.move(phaseIdle, phaseReleasing, 0) {
		w = p.giveOldest(grant{kind: grantVictim, victim: r})
	}
	p.waitLock.Unlock()
	if w != nil {
		w.wake()
	}
}

// unclaim takes back the choice of r as a victim, before its Release: it is
// parked again, or goes to whoever has come to wait for it meanwhile.
func (r *resource) unclaim() {
	for {
		w := r.state.w.Load()
		if w&markScheduled != 0 { // a release was asked for meanwhile
			_ = r.close()
			return
		}
		if r.yield(w) {
			return
		}
	}
}
