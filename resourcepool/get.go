package resourcepool

// tryGet is the hot half of Get: idle to in use in one compare-and-swap (I2).
func (r *resource) tryGet() bool {
	w := r.state.W.Load()
	return w&getMask == getFrom &&
		r.state.W.CompareAndSwap(w, (w&^eraMask|r.pool.idle.Era()|markReused)+getStep)
}

// tryGetSlow is tryGet of a resource that has a Checker, or whose uses have
// filled their field. One that is dead is released.
func (r *resource) tryGetSlow() bool {
	w := r.state.W.Load()
	return phaseOf(w) == phaseIdle && r.use(w) && (w&markChecked == 0 || r.stillAlive(generationOf(w)))
}

// getSlow is the rest of Get, kept apart so that Get itself stays small.
func (r *resource) getSlow(cancel <-chan struct{}, a Allocator) error {
	for {
		w := r.state.W.Load()
		switch phaseOf(w) {
		case phaseIdle:
			if r.use(w) {
				if ours, err := r.check(w, a); ours {
					return err
				}
			}
		case phaseEmpty:
			if r.state.W.CompareAndSwap(w, inPhase(w, phaseSeeking)|markListed) {
				return r.seek(cancel, a)
			}
		default: // busy: somebody's, or about to be
			if waiter := r.enqueue(a); waiter != nil {
				return r.await(waiter, cancel, a)
			}
		}
	}
}

// usesKept stay in the word when the others are added to the total, so that what
// is gotten all the time does not look to eviction as if it hardly were.
const usesKept = 15

// use takes the word from w to in use with one more use counted, and adds the
// uses to the shard's total once they fill their field.
func (r *resource) use(w uint64) bool {
	flush := uint64(0)
	to := inPhase(w, phaseInUse)&^eraMask | r.pool.idle.Era() | markReused
	if w&usesOverflow != 0 {
		flush = usesOf(w) - usesKept
		to = to&^usesMask | usesKept*oneUse
	}
	if !r.state.W.CompareAndSwap(w, to+oneUse) {
		return false
	}
	if flush != 0 {
		r.tally().lateUses.Add(flush)
		r.pool.settle() // takes no lock if waitLock is held, as r has a slot then
	}
	return true
}

// seek finds a slot for a resource that this Get has claimed and allocates: a
// free slot, else that of an idle resource, else one to wait for. While others
// wait, who come first, it waits behind them; and a suspect has to pass the lane.
// Who comes first makes the long pass over what is in use here, so that match,
// which holds waitLock, has little left to look at.
func (r *resource) seek(cancel <-chan struct{}, a Allocator) error {
	p := r.pool
	if p.slotWaiters.Load() == 0 && !r.isSuspect() {
		full := p.tryFree(int(r.home))
		if full == nil {
			r.admit()
			return r.open(nil, nil, a)
		}
		if full == p && len(p.tree.Load().pools) == 1 {
			if cancel == nil {
				if victim := p.swapVictim(r); victim != nil {
					return r.open(victim, p, a)
				}
			} else if victim := p.claimVictim(r); victim != nil {
				return r.takeOver(victim, p, cancel, a)
			}
		} else {
			full.setAside()
		}
	}
	return r.await(r.enqueueForSlot(a), cancel, a)
}

// takeOver allocates in the slot of a victim that is still a resident.
func (r *resource) takeOver(victim *resource, level *pool, cancel <-chan struct{}, a Allocator) error {
	if cancel != nil && !victim.releasesAtOnce() {
		if err := r.clear(victim, level, cancel); err != nil {
			return err
		}
		r.replace(victim)
		victim.relinquish(level)
		return r.open(nil, nil, a)
	}
	r.replace(victim)
	return r.open(victim, level, a)
}

// enqueueForSlot queues a Get that has claimed its resource and found no slot.
func (r *resource) enqueueForSlot(a Allocator) *waiter {
	p, waiter := r.pool, newWaiter(r, a)
	waiter.forSlot = true
	p.waitLock.Lock()
	defer p.waitLock.Unlock()
	p.arrive(waiter)
	if p.size.closed {
		r.inherit(p)
		waiter.refuse(ErrPoolClosed)
	} else {
		p.join(waiter)
	}
	return waiter
}

// enqueue queues a Get of a busy resource; nil if it is not busy any more.
//
// Lost hand-off: the mark is set by compare-and-swap while the resource is
// busy, and the lock is held until the waiter stands in the queue. A Put that
// comes first makes the swap fail; one that comes later sees the mark, takes
// the lock and finds the waiter.
func (r *resource) enqueue(a Allocator) *waiter {
	p, waiter := r.pool, newWaiter(r, a)
	p.waitLock.Lock()
	defer p.waitLock.Unlock()
	w := r.state.W.Load()
	for {
		if phaseOf(w) == phaseIdle || phaseOf(w) == phaseEmpty {
			return nil
		}
		if p.size.closed || r.state.W.CompareAndSwap(w, w|markWaiters) {
			break
		}
		w = r.state.W.Load()
	}
	p.arrive(waiter)
	if p.size.closed {
		waiter.refuse(ErrPoolClosed)
		return waiter
	}
	waiter.trying = phaseOf(w) == phaseReleasing && r.waiters.oldest == nil
	r.waiters.insert(waiter)
	return waiter
}

// await waits for a grant and makes use of it.
func (r *resource) await(waiter *waiter, cancel <-chan struct{}, a Allocator) error {
	with, _ := a.(*withContext)
	if !waiter.wait(cancel) {
		if err, over := r.cancelWait(waiter, with); over {
			waiter.waited()
			r.pool.count(&r.pool.counts.cancelledWaits)
			return err
		}
		waiter.awaitReleases()
		if l, ok := a.(interface{ CancelerSpoke() }); ok {
			l.CancelerSpoke() // as it may have been a message, which is not there any more
		}
	}
	waiter.waited() // not before: until it is over others may make it wait for a slot
	g := waiter.grant
	switch g.kind {
	case grantHeld:
		w := r.state.W.Load()
		if ours, err := r.check(w&markChecked|uint64(g.generation)<<generationShift, a); ours {
			return err
		}
		if waiter.immediate { // its canceler has spoken
			cancel = MakeImmediateCanceler()
		}
		return r.getSlow(cancel, a)
	case grantRefused:
		r.pool.count(&r.pool.counts.cancelledWaits)
		return g.err
	case grantSlot:
		r.admit()
		return r.open(nil, nil, a)
	}
	if waiter.immediate { // its canceler has spoken, and has nothing more to say
		cancel = nil
	}
	return r.takeOver(g.victim, g.level, cancel, a)
}
