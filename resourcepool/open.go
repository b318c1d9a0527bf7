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
			r.abandon()
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
	released := false
	defer func() {
		if !released {
			r.vacate(false)
		}
	}()
	r.saveError(r.target.Release())
	released = true
	r.shard().dead.Add(1)
	r.state.move(phaseReleasing, phaseAllocating, markScheduled)
	return r.allocate(a, 0)
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
	promoted := r.relinquish()
	if !keep {
		r.pool.freeSlot(int(r.home))
	}
	if promoted {
		r.pool.match(int(r.home))
	}
}

// abandon gives up the claim of a Get that found no slot, or did not use it.
func (r *resource) abandon() {
	if r.relinquish() {
		r.pool.match(int(r.home))
	}
}

// relinquish makes a claimed or just vacated resource empty, or, if Gets wait
// for it, claims it for the oldest of them, who now seeks a slot. It reports
// whether it did; then the caller owes a call of match: the promoted waiter
// sleeps and cannot re-check for itself (I6).
func (r *resource) relinquish() (promoted bool) {
	w := r.state.w.Load()
	if w&markWaiters == 0 && r.state.w.CompareAndSwap(w, inPhase(w, phaseEmpty)&^residencyMarks) {
		return false
	}
	r.pool.waitLock.Lock()
	defer r.pool.waitLock.Unlock()
	return r.succeed()
}

// succeed is relinquish with waitLock held.
func (r *resource) succeed() (promoted bool) {
	phase := phaseEmpty
	if heir := r.waiters.oldest; heir != nil {
		r.leaveQueue(heir)
		r.pool.enqueueSlotWaiter(heir)
		phase = phaseSeeking
	}
	for {
		w := r.state.w.Load()
		if r.state.w.CompareAndSwap(w, inPhase(w, phase)&^residencyMarks) {
			return phase == phaseSeeking
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
