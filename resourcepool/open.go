package resourcepool

// open makes an allocated resource that is the caller's of a seeking one that is
// a resident. If its slot is that of a victim, the victim is released first, and
// its error is kept with it; level is the pool whose slot, and those above, r has
// from it. The slot is given up if that Release panics, or
// unless Allocate succeeds, by returning an error, a panic or a Goexit.
func (r *resource) open(victim *resource, level *pool, a Allocator) (err error) {
	end := unallocated
	defer func() {
		if victim != nil {
			victim.relinquish(level)
		}
		if end != stays {
			r.vacate(end)
		}
	}()
	if victim != nil {
		victim.saveError(victim.target.Release())
		victim.relinquish(level)
		victim = nil
	}
	r.state.move(phaseSeeking, phaseAllocating, 0)
	end = byFailure
	if err = r.allocate(a, false); err != nil {
		return err
	}
	end = stays
	r.hold(oneUse)
	r.pool.watched(r.target)
	return nil
}

// hold ends a successful Allocate. The uses counted are 1 for a Get and 0 for a
// Renew.
func (r *resource) hold(uses uint64) {
	r.tally().allocations.Add(1) // before the use that it is
	for {
		w := r.state.W.Load()
		to := inPhase(w, phaseInUse)&^(eraMask|markSuspect) | r.pool.idle.Era()
		if r.state.W.CompareAndSwap(w, to+oneGeneration+uses) {
			if w&markSuspect != 0 {
				r.cleared()
			}
			return
		}
	}
}

func (r *resource) renew(a Allocator) error {
	ours, err := r.renewGeneration(anyGeneration, a)
	if !ours {
		panic("Resource was not gotten")
	}
	return err
}

// renewGeneration is renew of a resource that is in use; false if it is not, or not of the
// generation.
func (r *resource) renewGeneration(generation uint64, a Allocator) (ours bool, err error) {
	if !r.beginRenewal(generation) {
		return false, nil
	}
	end := byRelease
	defer func() {
		if end != stays {
			r.vacate(end)
			r.pool.count(&r.pool.counts.declined) // the Get that led here came to nothing
		}
	}()
	r.saveError(r.target.Release())
	r.tally().renewed.Add(1)
	r.state.move(phaseRenewing, phaseAllocating, markScheduled)
	end = byFailure
	if err = r.allocate(a, true); err != nil {
		return true, err
	}
	end = stays
	r.hold(0)
	r.pool.watched(r.target)
	return true, nil
}

func (r *resource) beginRenewal(generation uint64) bool {
	for {
		w := r.state.W.Load()
		if phaseOf(w) != phaseInUse || generation != anyGeneration && uint32(generation) != generationOf(w) {
			return false
		}
		if r.state.W.CompareAndSwap(w, inPhase(w, phaseRenewing)&^markScheduled) {
			return true
		}
	}
}

// close calls Release of a releasing resource and frees its slot, also when
// Release panics.
func (r *resource) close() (err error) {
	defer r.vacate(byRelease)
	err = r.target.Release()
	r.saveError(err)
	return err
}

// vacate frees the slot of a resource in which nothing is allocated any more.
// Whoever waits for the resource now waits for a slot.
func (r *resource) vacate(how departure) {
	r.leave(how)
	if how == byFailure {
		r.state.W.Or(markSuspect)
	}
	r.relinquish(nil)
}

// relinquish ends a claim on a resource that holds nothing, and frees what came
// with it: the slots of its pool and of those above, up to but not including
// that. The resource is empty, or seeks a slot for the oldest Get that
// waits for it. A claim on a suspect may be one that is in the lane.
func (r *resource) relinquish(upTo *pool) {
	loan := r.pool.takeLoan(r)
	w := r.state.W.Load()
	if w&(markWaiters|markSuspect) == 0 && r.state.W.CompareAndSwap(w, inPhase(w, phaseEmpty)&^residencyMarks) {
		if p := r.pool; p != upTo {
			p.freeSlots(int(r.home), upTo)
		}
	} else {
		r.pool.waitLock.Lock()
		r.inherit(upTo)
		r.pool.waitLock.Unlock()
	}
	r.pool.endLoan(loan)
	if r.group != nil {
		r.group.emptied(r)
	}
}

// inherit is relinquish with waitLock held. An heir that has been
// cancelled is served now or never, and then the next one inherits.
func (r *resource) inherit(upTo *pool) {
	p := r.pool
	heir := r.pass(upTo)
	for heir != nil {
		switch {
		case p.size.closed:
			heir.refuse(ErrPoolClosed)
			heir = r.pass(p)
			continue
		case heir.queue == nil:
			return
		}
		heir.forSlot = true
		if heir.cancelled && heir.queue == &p.lane.queue {
			p.jumpLane(heir)
			p.match()
		}
		if heir.queue == nil || !heir.cancelled || p.awaitsOrphans(heir) {
			return
		}
		heir.level.dequeueSlotWaiter(heir)
		heir.refuse(ErrorResourceLimitExceeded)
		heir = r.pass(heir.level)
	}
}

// pass makes the oldest Get that waits for r, which is a claimed resource that holds
// nothing, wait for a slot, and frees the slots that r has, those of the pools up
// to but not including that. As the heir sleeps, it cannot re-check for itself,
// so match is called for it (I6). The heir is queued before the slots are free, so that they
// are not taken by who came later, and looks for others only after that.
func (r *resource) pass(upTo *pool) (heir *waiter) {
	p := r.pool
	alone := p.slotQueue.oldest == nil
	r.leaveLane()
	if heir = r.succeed(); heir != nil && !p.size.closed {
		p.enter(heir)
	}
	p.countFree(int(r.home), upTo)
	p.openLane()
	if alone {
		p.match()
	}
	p.matchUpTo(upTo)
	return heir
}

// succeed makes a claimed resource that holds nothing empty, or, if Gets wait
// for it, claims it for the oldest of them, which from now on waits for a slot
// in its old turn. waitLock is held.
func (r *resource) succeed() (heir *waiter) {
	phase := phaseEmpty
	if heir = r.waiters.oldest; heir != nil {
		r.leaveQueue(heir)
		phase = phaseSeeking | markListed
	}
	for {
		w := r.state.W.Load()
		if r.state.W.CompareAndSwap(w, w&^(phaseMask|residencyMarks)|phase) {
			return heir
		}
	}
}

// leaveQueue takes a waiter off the resource's queue, and the mark off the
// resource with the last one. waitLock is held.
func (r *resource) leaveQueue(waiter *waiter) {
	r.waiters.remove(waiter)
	if r.waiters.oldest == nil {
		r.state.W.And(^markWaiters)
	}
}
