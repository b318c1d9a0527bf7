package resourcepool

// open makes an allocated resource that is the caller's of an opening one that
// is a resident. If its slot is that of a victim, the victim is released first.
func (r *resource) open(victim *resource, a Allocator) error {
	if victim != nil {
		r.evict(victim)
	}
	return r.allocate(a, oneUse)
}

// evict releases a victim whose slot is r's by now. If that panics r gives the
// slot up, and is not claimed any more when the panic goes on.
func (r *resource) evict(victim *resource) {
	returned := false
	defer func() {
		victim.relinquish(false)
		if !returned {
			r.vacate(unallocated)
		}
	}()
	victim.saveError(victim.target.Release()) // kept as the victim's last error
	returned = true
}

// allocate calls Allocate for a resource that has a slot. The uses counted
// are 1 for a Get and 0 for a Renew. Unless Allocate succeeds, by returning
// an error, a panic or a Goexit, the slot is given up.
func (r *resource) allocate(a Allocator, uses uint64) (err error) {
	allocated := false
	defer func() {
		if !allocated {
			r.vacate(byFailure)
		}
	}()
	if err = a.Allocate(); err != nil {
		return err
	}
	allocated = true
	for {
		w := r.state.w.Load()
		to := inPhase(w, phaseInUse)&^eraMask | r.pool.era.Load()
		if r.state.w.CompareAndSwap(w, to+oneGeneration+uses) {
			return nil
		}
	}
}

func (r *resource) renew(a Allocator) error {
	if !r.state.move(phaseInUse, phaseRenewing, markScheduled) {
		panic("Resource was not gotten")
	}
	released, renewed := false, false
	defer func() {
		if !released {
			r.vacate(byRelease)
		}
		if !renewed {
			r.pool.counts.declined.Add(1) // the Get that led here came to nothing
		}
	}()
	r.saveError(r.target.Release())
	released = true
	r.shard().renewed.Add(1)
	r.state.move(phaseRenewing, phaseOpening, markScheduled)
	err := r.allocate(a, 0)
	renewed = err == nil
	return err
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
		if heir == nil || heir.queue == nil || !heir.cancelled {
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
		phase = phaseOpening | markListed
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
