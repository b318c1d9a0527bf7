package resourcepool

// tryGet is the hot half of Get: idle to in use in one compare-and-swap (I2).
func (r *resource) tryGet() bool {
	w := r.state.w.Load()
	return w&getMask == getFrom &&
		r.state.w.CompareAndSwap(w, (w&^eraMask|r.pool.era.Load()|markReused)+getStep)
}

// getSlow is the rest of Get, kept apart so that Get itself stays small.
func (r *resource) getSlow(cancel <-chan struct{}, a Allocator) error {
	for {
		w := r.state.w.Load()
		switch phaseOf(w) {
		case phaseIdle:
			if r.use(w) {
				return nil
			}
		case phaseEmpty:
			if r.state.w.CompareAndSwap(w, inPhase(w, phaseSeeking)|markListed) {
				return r.seek(cancel, a)
			}
		default: // busy: somebody's, or about to be
			if waiter := r.enqueue(); waiter != nil {
				return r.await(waiter, cancel, a)
			}
		}
	}
}

// use takes the word from w to in use with one more use counted, and adds the
// uses to the shard's total once they fill their field.
func (r *resource) use(w uint64) bool {
	flush := uint64(0)
	to := inPhase(w, phaseInUse)&^eraMask | r.pool.era.Load() | markReused
	if w&usesOverflow != 0 {
		flush = usesOf(w)
		to &^= usesMask
	}
	if !r.state.w.CompareAndSwap(w, to+oneUse) {
		return false
	}
	if flush != 0 {
		r.shard().lateUses.Add(flush)
	}
	return true
}

// seek finds a slot for a resource that this Get has claimed and allocates: a
// free slot, else that of an idle resource, else one to wait for. While others
// wait, who come first, it waits behind them.
func (r *resource) seek(cancel <-chan struct{}, a Allocator) error {
	if p := r.pool; p.slotWaiters.Load() == 0 {
		if p.free.TryAcquire(int(r.home)) {
			r.shard().admit(r)
			return r.open(nil, a)
		}
		if victim := p.swapVictim(r); victim != nil {
			return r.open(victim, a)
		}
	}
	return r.await(r.enqueueForSlot(), cancel, a)
}

// enqueueForSlot queues a Get that has claimed its resource and found no slot.
func (r *resource) enqueueForSlot() *waiter {
	p, waiter := r.pool, newWaiter(r)
	waiter.forSlot = true
	p.waitLock.Lock()
	defer p.waitLock.Unlock()
	p.arrive(waiter)
	alone := p.slotQueue.oldest == nil
	p.enqueueSlotWaiter(waiter)
	if alone {
		p.match()
	}
	return waiter
}

// enqueue queues a Get of a busy resource; nil if it is not busy any more.
//
// Lost hand-off: the mark is set by compare-and-swap while the resource is
// busy, and the lock is held until the waiter stands in the queue. A Put that
// comes first makes the swap fail; one that comes later sees the mark, takes
// the lock and finds the waiter.
func (r *resource) enqueue() *waiter {
	waiter := newWaiter(r)
	r.pool.waitLock.Lock()
	defer r.pool.waitLock.Unlock()
	w := r.state.w.Load()
	for {
		if phaseOf(w) == phaseIdle || phaseOf(w) == phaseEmpty {
			return nil
		}
		if r.state.w.CompareAndSwap(w, w|markWaiters) {
			break
		}
		w = r.state.w.Load()
	}
	r.pool.arrive(waiter)
	waiter.trying = phaseOf(w) == phaseReleasing && r.waiters.oldest == nil
	r.waiters.insert(waiter)
	return waiter
}

// await waits for a grant and makes use of it.
func (r *resource) await(waiter *waiter, cancel <-chan struct{}, a Allocator) error {
	if !waiter.wait(cancel) {
		if err, over := r.cancelWait(waiter); over {
			r.pool.counts.cancelledWaits.Add(1)
			return err
		}
		<-waiter.ready
	}
	switch waiter.grant.kind {
	case grantHeld:
		return nil
	case grantNothing:
		r.pool.counts.cancelledWaits.Add(1)
		return ErrorResourceLimitExceeded
	case grantSlot:
		r.shard().admit(r)
	case grantVictim:
		r.replace(waiter.grant.victim)
	}
	return r.open(waiter.grant.victim, a)
}

// cancelWait ends the wait of a Get whose canceler has spoken, if it is over.
//
// Grant against cancel: both take waitLock, so one is first. If it was the
// grant, the waiter is in no queue and owns what it was granted; the caller
// has been told to give up, so the grant is passed on to the next in line.
//
// It is not over for a Get that is still trying (see waiter.trying): that is
// served if there is a slot when the release ends, and only then refused (I8).
func (r *resource) cancelWait(waiter *waiter) (err error, over bool) {
	p := r.pool
	p.waitLock.Lock()
	switch {
	case waiter.queue == nil && !waiter.trying:
		p.waitLock.Unlock()
		return r.declineGrant(waiter), true
	case waiter.queue == &p.slotQueue:
		p.dequeueSlotWaiter(waiter)
		r.inherit(false)
		err = ErrorResourceLimitExceeded
	case waiter.queue == nil || waiter.trying && phaseOf(r.state.w.Load()) == phaseReleasing:
		waiter.cancelled = true
		p.waitLock.Unlock()
		return nil, false
	default:
		r.leaveQueue(waiter)
		err = ErrorPutTimeout
	}
	p.waiting--
	p.waitLock.Unlock()
	return err, true
}

// declineGrant passes on what a cancelled waiter was granted. The error says
// what it had waited for, which is not a slot if one was there as soon as it
// needed one.
func (r *resource) declineGrant(waiter *waiter) error {
	g := waiter.grant
	switch g.kind {
	case grantHeld:
		r.pool.counts.declined.Add(1) // the grant counted it as a use
		r.putGeneration(g.generation)
	case grantVictim:
		r.relinquish(false)
		g.victim.unclaim()
	default:
		r.relinquish(true)
	}
	if waiter.forSlot {
		return ErrorResourceLimitExceeded
	}
	return ErrorPutTimeout
}
