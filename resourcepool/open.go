package resourcepool

// open makes an allocated resource that is the caller's of a seeking one that is
// a resident. If its slot is that of a victim, the victim is released first, and
// its error is kept with it. The slot is given up if that Release panics, or
// unless Allocate succeeds, by returning an error, a panic or a Goexit.
func (r *resource) open(victim *resource, a Allocator) (err error) {
	end := unallocated
	defer func() {
		if victim != nil {
			victim.relinquish(false)
		}
		if end != stays {
			r.vacate(end)
		}
	}()
	if victim != nil {
		victim.saveError(victim.target.Release())
		victim.relinquish(false)
		victim = nil
	}
	r.state.move(phaseSeeking, phaseAllocating, 0)
	end = byFailure
	if err = a.Allocate(); err != nil {
		return err
	}
	end = stays
	r.hold(oneUse)
	return nil
}

// hold ends a successful Allocate. The uses counted are 1 for a Get and 0 for a
// Renew.
func (r *resource) hold(uses uint64) {
	for {
		w := r.state.w.Load()
		to := inPhase(w, phaseInUse)&^eraMask | r.pool.era.Load()
		if r.state.w.CompareAndSwap(w, to+oneGeneration+uses) {
			return
		}
	}
}

func (r *resource) renew(a Allocator) (err error) {
	if !r.state.move(phaseInUse, phaseRenewing, markScheduled) {
		panic("Resource was not gotten")
	}
	end := byRelease
	defer func() {
		if end != stays {
			r.vacate(end)
			r.pool.counts.declined.Add(1) // the Get that led here came to nothing
		}
	}()
	r.saveError(r.target.Release())
	r.shard().renewed.Add(1)
	r.state.move(phaseRenewing, phaseAllocating, markScheduled)
	end = byFailure
	if err = a.Allocate(); err != nil {
		return err
	}
	end = stays
	r.hold(0)
	return nil
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
	r.shard().leave(r, how)
	r.relinquish(true)
}

// relinquish ends a claim on a resource that holds nothing, and frees the slot
// that came with it if there was one: the resource is empty, or seeks a slot
// for the oldest Get that waits for it.
func (r *resource) relinquish(withSlot bool) {
	p, home := r.pool, int(r.home)
	w := r.state.w.Load()
	if w&markWaiters == 0 && r.state.w.CompareAndSwap(w, inPhase(w, phaseEmpty)&^residencyMarks) {
		if withSlot {
			p.freeSlot(home)
		}
		return
	}
	p.waitLock.Lock()
	r.inherit(withSlot)
	p.waitLock.Unlock()
}

// inherit is relinquish with waitLock held. As the heir sleeps, it cannot
// re-check for itself, so match is called for it (I6). An heir that has been
// cancelled is served now or never, and then the next one inherits.
func (r *resource) inherit(withSlot bool) {
	p, home := r.pool, int(r.home)
	for {
		alone := p.slotQueue.oldest == nil
		heir := r.succeed()
		if withSlot {
			p.free.Release(home)
		}
		if withSlot || alone {
			p.match()
		}
		withSlot = false
		if heir == nil || heir.queue == nil {
			return
		}
		if heir.forSlot = true; !heir.cancelled {
			return
		}
		p.dequeueSlotWaiter(heir)
		heir.give(grant{kind: grantNothing})
		heir.wake()
	}
}

// succeed makes a claimed resource that holds nothing empty, or, if Gets wait
// for it, claims it for the oldest of them, which from now on waits for a slot
// in its old turn. waitLock is held.
func (r *resource) succeed() (heir *waiter) {
	phase := phaseEmpty
	if heir = r.waiters.oldest; heir != nil {
		r.leaveQueue(heir)
		r.pool.enqueueSlotWaiter(heir)
		phase = phaseSeeking | markListed
	}
	for {
		w := r.state.w.Load()
		if r.state.w.CompareAndSwap(w, w&^(phaseMask|residencyMarks)|phase) {
			return heir
		}
	}
}

// leaveQueue takes a waiter off the resource's queue, and the mark off the
// resource with the last one. waitLock is held.
func (r *resource) leaveQueue(waiter *waiter) {
	r.waiters.remove(waiter)
	if r.waiters.oldest == nil {
		r.state.w.And(^markWaiters)
	}
}
