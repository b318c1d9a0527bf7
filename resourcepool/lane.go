package resourcepool

import "time"

// lane is the narrow lane of a pool. A resource is suspect if its last Allocate
// failed, or if its Allocate has been running for a second. Suspects may have a
// laneShare of the slots, and at least one. The others stand in the lane's own
// queue, where they neither evict nor overtake, until one of these succeeds or
// fails. So the addresses of dead hosts cost each other time, and nobody else.
//
// A Get whose canceler is ready when it comes does not stand there: it has what
// it would have without a lane (I7). One whose canceler speaks later has a free slot then, if there is one.
//
// count is the number of resources with InLane set. A resource is in the lane from
// when its Get is let into the slot queue to the end of its Allocate, or
// until that Get gives up. All of it is guarded by waitLock.
type lane struct {
	count   uint
	leaving uint // of count, those that were told to end (overstay.go)
	queue   waiterQueue
}

const (
	laneShare = 8           // one slot in so many
	overdue   = time.Second // what an Allocate may take that is not suspect
)

func (p *pool) laneHasRoom() bool { return p.lane.count < p.laneRoom() }

func (p *pool) laneRoom() uint { return max(p.size.total/laneShare, 1) }

// join makes w, whose resource it has claimed, wait for a slot of its own pool:
// in the slot queue, or first in the lane's. waitLock is held.
func (p *pool) join(w *waiter) {
	alone := p.slotQueue.oldest == nil
	p.enter(w)
	p.openLane()
	if alone {
		p.match()
	}
}

// enter is join up to looking for a slot.
func (p *pool) enter(w *waiter) {
	if w.resource.isSuspect() {
		p.noteOverdue()
		p.lane.queue.insert(w)
	} else {
		p.enqueueSlotWaiter(w)
	}
}

// openLane lets as many suspects into the slot queue as there is room for. If
// that was empty, match is due. waitLock is held.
func (p *pool) openLane() {
	for p.lane.queue.oldest != nil && p.laneHasRoom() {
		p.jumpLane(p.lane.queue.oldest)
	}
}

// jumpLane lets a waiter into the slot queue whether there is room or not.
func (p *pool) jumpLane(w *waiter) {
	p.lane.queue.remove(w)
	w.resource.enterLane()
	p.enqueueSlotWaiter(w)
}

// takeFree gives a waiter whose canceler has spoken a slot that is free now, and reports whether there
// is one. Without a lane it would have had that when it came, so it is not refused it. It
// evicts nobody, and passes nobody: those who wait for a slot are served first. waitLock is held.
//
// Free slots against a Get without the lock: one that looks while a slot is taken here and given back,
// as a pool above has none, may find none. It then enqueues, which takes waitLock, and
// looks again (I6).
func (p *pool) takeFree(w *waiter) bool {
	p.matchUpTo(nil)
	for q := p; q != nil; q = q.parent {
		if !q.free.TryAcquire(w.home()) {
			p.countFree(w.home(), q)
			return false
		}
	}
	p.lane.queue.remove(w)
	w.resource.enterLane()
	w.give(grant{kind: grantSlot})
	w.wake()
	return true
}

// enterLane finds r in the lane already if it was allocated, released and refused
// anew by others before the Get that allocated it has called cleared, which then
// ends this stay, too early, and once.
func (r *resource) enterLane() {
	if !r.state.InLane {
		r.state.InLane = true
		r.pool.lane.count++
	}
}

// leaveLane ends the stay of r in the lane, if it is there. openLane is due then.
func (r *resource) leaveLane() {
	if r.state.InLane {
		r.state.InLane = false
		r.pool.lane.count--
	}
}

func (r *resource) isSuspect() bool { return r.state.W.Load()&markSuspect != 0 }

// cleared is told of each suspect that was allocated after all.
func (r *resource) cleared() {
	p := r.pool
	p.waitLock.Lock()
	r.leaveLane()
	p.matchLane()
	p.waitLock.Unlock()
}

// matchLane is openLane and the match that is due. waitLock is held.
func (p *pool) matchLane() {
	alone := p.slotQueue.oldest == nil
	if p.openLane(); alone {
		p.match()
	}
}
