package resourcepool

// open turns a slot into an allocated resource that is the caller's. The
// resource is seeking, claimed by the caller, who owns g.
func (r *resource) open(g grant, a Allocator) error {
	if g.kind == grantVictim {
		r.evict(g.victim)
	}
	r.state.move(phaseSeeking, phaseAllocating, 0)
	r.shard().admit(r)
	return r.allocate(a, oneUse)
}

// evict releases victim for its slot. If Release panics the slot is free and
// r is not claimed any more when the panic goes on.
func (r *resource) evict(victim *resource) {
	evicted := false
	defer func() {
		if !evicted {
			r.relinquish(false)
		}
	}()
	_ = victim.close(true) // kept as the victim's last error
	evicted = true
	victim.shard().evictions.Add(1)
}

// allocate calls Allocate for a resource that has a slot. The uses counted
// are 1 for a Get and 0 for a Renew. Unless Allocate succeeds, by returning
// an error, a panic or a Goexit, the slot is given up.
func (r *resource) allocate(a Allocator, uses uint64) (err error) {
	allocated := false
	defer func() {
		if !allocated {
			r.shard().allocationErrors.Add(1)
			r.vacate(false)
		}
	}()
	if err = a.Allocate(); err != nil {
		return err
	}
	allocated = true
	for {
		w := r.state.w.Load()
		if r.state.w.CompareAndSwap(w, inPhase(w, phaseInUse)+oneGeneration+uses) {
			break
		}
	}
	r.shard().allocations.Add(1)
	return nil
}

func (r *resource) renew(a Allocator) error {
	if !r.state.move(phaseInUse, phaseReleasing, markScheduled) {
		panic("Resource was not gotten")
	}
	released, renewed := false, false
	defer func() {
		if !released {
			r.vacate(false)
		}
		if !renewed {
			r.pool.counts.declined.Add(1) // the Get that led here came to nothing
		}
	}()
	r.saveError(r.target.Release())
	released = true
	r.shard().dead.Add(1)
	r.state.move(phaseReleasing, phaseAllocating, markScheduled)
	err := r.allocate(a, 0)
	renewed = err == nil
	return err
}

// close calls Release of a releasing resource and takes its slot away. The
// slot is the caller's if keep is set and Release did not panic, else free.
func (r *resource) close(keep bool) (err error) {
	returned := false
	defer func() { r.vacate(keep && returned) }()
	err = r.target.Release()
	r.saveError(err)
	returned = true
	return err
}

// vacate takes the slot from a resource in which nothing is allocated any
// more. Whoever waits for the resource now waits for a slot.
func (r *resource) vacate(keep bool) {
	r.shard().leave(r)
	r.relinquish(!keep)
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
		heir := r.succeed()
		if withSlot {
			p.free.Release(home)
			withSlot = false
		}
		p.match(home)
		if heir == nil || heir.queue == nil || !heir.cancelled {
			return
		}
		p.dequeueSlotWaiter(heir)
		heir.signal(grant{kind: grantNothing})
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
		phase = phaseSeeking
	}
	for {
		w := r.state.w.Load()
		if r.state.w.CompareAndSwap(w, inPhase(w, phase)&^residencyMarks) {
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
