package resourcepool

import "time"

// cancelWait ends the wait of a Get whose canceler has spoken, if it is over.
//
// Grant against cancel: both take waitLock, so one is first. If it was the
// grant, the waiter is in no queue and owns what it was granted; the caller
// has been told to give up, so the grant is passed on to the next in line.
//
// The Get is not over
//
//   - if it is immediate and still trying (see waiter.trying), or if a Release that has lost
//     its Get may yet free a slot. When these releases have ended it is served if there is a
//     slot, and refused only if there is none (I8).
//   - if the lane holds it back and there is a free slot (takeFree). With a context (with) it
//     is over, as that would end the Allocate as well.
func (r *resource) cancelWait(waiter *waiter, with *withContext) (err error, over bool) {
	p := r.pool
	p.waitLock.Lock()
	took := false
	if waiter.queue == &p.lane.queue {
		if waiter.immediate {
			p.jumpLane(waiter)
			p.match()
		} else {
			took = with == nil && p.takeFree(waiter)
		}
	}
	switch {
	case waiter.queue == nil && (waiter.immediate || took):
		p.waitLock.Unlock()
		return nil, false // what it was granted was there in time
	case waiter.queue == nil:
		p.waitLock.Unlock()
		return r.declineGrant(waiter), true
	case waiter.queue == &r.waiters:
		if waiter.immediate && waiter.trying && phaseOf(r.state.W.Load()) == phaseReleasing {
			p.everyone.cancel(waiter)
			p.waitLock.Unlock()
			return nil, false
		}
		r.leaveQueue(waiter)
		err = ErrorPutTimeout
	default:
		if waiter.immediate && p.awaitsOrphans(waiter) {
			p.waitLock.Unlock()
			return nil, false
		}
		waiter.leaveSlotQueue()
		err = ErrorResourceLimitExceeded
	}
	p.depart(waiter)
	if with != nil {
		with.failed.see(p)
		with.saw = true
	}
	p.waitLock.Unlock()
	return err, true
}

// leaveSlotQueue takes the waiter off the queue for a slot, or off that of the
// lane, and ends its claim on its resource. What it has got of the pools below
// that one goes back. waitLock is held.
func (w *waiter) leaveSlotQueue() {
	if w.level == nil {
		w.pool.lane.queue.remove(w)
		w.resource.inherit(w.pool)
		return
	}
	w.level.dequeueSlotWaiter(w)
	w.resource.inherit(w.level)
}

// declineGrant passes on what a cancelled waiter was granted. The error says
// what it had waited for, which is not a slot if one was there as soon as it
// needed one.
func (r *resource) declineGrant(waiter *waiter) error {
	g := waiter.grant
	switch g.kind {
	case grantHeld:
		r.pool.count(&r.pool.counts.declined) // the grant counted it as a use
		r.putGeneration(g.generation)
	case grantVictim:
		r.relinquish(g.level)
		g.victim.unclaim()
	case grantSlot:
		r.relinquish(nil)
	default:
		return g.err
	}
	if waiter.forSlot {
		return ErrorResourceLimitExceeded
	}
	return ErrorPutTimeout
}

// orphans are the Releases that no user has begun (unasked), and those of victims
// that go on without the Get that began them, as it has been cancelled. Their
// slots belong to nobody until they end, so that a Get that can only look now waits for those that have begun (I8).
type orphans struct {
	newest uint64
	going  []uint64 // the numbers of those that still run, oldest first
}

// unasked begins the Release of an idle resource that is no user's doing: its peer has gone, it is
// too old, or the pool shrinks. Its slot belongs to nobody meanwhile, as that of an
// orphan. It comes before the resource is claimed, so that a Get which finds it
// claimed finds this too.
func (p *pool) unasked() (end func()) {
	p.waitLock.Lock()
	number := p.orphans.begin()
	p.waitLock.Unlock()
	return func() {
		p.waitLock.Lock()
		p.endOrphan(number)
		p.waitLock.Unlock()
	}
}

// awaitsOrphans makes a cancelled waiter for a slot wait for all Releases that go
// on without their Get. False means that there is none. waitLock is held.
func (p *pool) awaitsOrphans(w *waiter) bool {
	if len(p.orphans.going) == 0 {
		return false
	}
	p.everyone.cancel(w)
	w.waitsFor = p.orphans.newest
	return true
}

// orphanPatience ends a wait for Releases that have begun: one of them might be waiting for the
// very Get that waits for it, as a callback may use the pool. It is longer than any
// close that gives up by itself; crypto/tls does after 5 s.
const orphanPatience = 10 * time.Second

// awaitReleases waits for the decision on a Get that is immediate (I8).
func (w *waiter) awaitReleases() {
	timer := time.NewTimer(orphanPatience)
	defer timer.Stop()
	select {
	case <-w.ready:
		return
	case <-timer.C:
	}
	p := w.pool
	p.waitLock.Lock()
	switch {
	case !w.cancelled || w.queue == nil:
	case w.queue == &w.resource.waiters: // that of its own resource goes on
		w.resource.leaveQueue(w)
		w.refuse(ErrorPutTimeout)
	case w.level != nil && w.queue == &w.level.slotQueue:
		w.leaveSlotQueue()
		w.refuse(ErrorResourceLimitExceeded)
	}
	p.waitLock.Unlock()
	<-w.ready
}

func (o *orphans) begin() (number uint64) {
	o.newest++
	o.going = append(o.going, o.newest)
	return o.newest
}

// endOrphan is called when the slot of an orphan has been freed. Who has waited
// for it, and for none that is still going, has waited long enough. waitLock is held.
func (p *pool) endOrphan(number uint64) {
	going := p.orphans.going[:0]
	for _, n := range p.orphans.going {
		if n != number {
			going = append(going, n)
		}
	}
	p.orphans.going = going
	if p.everyone.cancelled == 0 {
		return // so that an orphan's end costs the same however many wait
	}
	for _, w := range p.everyone.all() {
		if w.cancelled && w.level != nil && w.queue == &w.level.slotQueue && (len(going) == 0 || going[0] > w.waitsFor) {
			w.leaveSlotQueue()
			w.refuse(ErrorResourceLimitExceeded)
		}
	}
}
