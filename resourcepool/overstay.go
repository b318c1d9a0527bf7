package resourcepool

import (
	"time"

	"github.com/slotpool/slotpool/internal/lapse"
)

// An Allocate that nobody has reason to suspect is let in at once, and so the first ones
// of many dead hosts may have all slots. Once they are overdue they count in the lane. If
// there are then more in it than it has room for, and others go without a slot, those that
// were let in as healthy are ended, and begin again in the lane, where they are let be.
//
// A healthy peer that is slow loses what its Allocate has done so far, once: what was let in
// by way of the lane is not ended. A SYN that was lost is sent again after a second, and
// so overstayed is more than that.
const (
	overstayed  = 2 * time.Second
	overstaying = overdue / 4 // until the next look at one that may stay
)

// watch sees to it that an Allocate that begins is looked at when it has overstayed. One
// of Group.Open has its caller's context, and is that one's concern. waitLock is held.
func (o *opening) watch() {
	if !o.spare && !o.member.r.isSuspect() {
		p := o.group.pool
		if p.staying == nil {
			p.staying = lapse.New(overstayed)
		}
		o.watched = true
		p.staying.Add(&o.overstay, o)
	}
}

// unwatch is for one that has ended. waitLock is held.
func (o *opening) unwatch() {
	if o.watched {
		o.group.pool.staying.Remove(&o.overstay)
	}
	if o.lookAgain != nil {
		o.lookAgain.Stop()
	}
}

// Lapsed ends the Allocate, which has overstayed, if it is due, or looks again later.
//
// Its end against this: remove takes the opening off allocating with waitLock held, so
// either it is found there, or there is nothing to end. An Allocate that has ended, but has
// not come to remove, is cancelled in vain; what it made serves the oldest Get, and
// what was begun in its stead is called off with that (trim).
func (o *opening) Lapsed() {
	p := o.group.pool
	p.waitLock.Lock()
	defer p.waitLock.Unlock()
	if _, runs := p.allocating[o]; !runs || o.spare || p.size.closed {
		return
	}
	began := o.began()
	if began.IsZero() || time.Since(began) < overstayed || !p.laneIsOverfull() || !o.isInTheWay() {
		o.lookAgain = time.AfterFunc(overstaying, o.Lapsed)
		return
	}
	o.group.dismiss(o)
}

// laneIsOverfull says that more have overstayed than there is room for, and that no slot is
// free. Those that were told to go do not count. waitLock is held.
func (p *pool) laneIsOverfull() bool {
	p.noteOverdue()
	return p.lane.count > p.laneRoom()+p.lane.leaving && p.isFull()
}

// isInTheWay says that somebody waits for a slot, or that something was evicted for one since
// the last look, as the healthy should not have to for this. A pool may have no free slot for
// ever, and a slow dial nobody whom it hinders. waitLock is held.
func (o *opening) isInTheWay() bool {
	p := o.group.pool
	if p.slotWaiters.Load() != 0 {
		return true
	}
	before := o.evictions
	o.evictions = 1 + p.evictionsBeside() // 0: not looked at yet
	return before != 0 && before != o.evictions
}

// evictionsBeside counts those in all pools with which p shares its slots.
func (p *pool) evictionsBeside() (n uint64) {
	top := p
	for top.parent != nil {
		top = top.parent
	}
	for _, q := range top.tree.Load().pools {
		n += q.idle.Totals().Evictions
	}
	return n
}

func (p *pool) isFull() bool {
	for q := p; q != nil; q = q.parent {
		if q.free.Free() <= 0 {
			return true
		}
	}
	return false
}

// dismiss ends an Allocate. Who waits for it waits for one that begins in the lane, in its
// old turn. Its slot is the lane's until it has really ended. waitLock is held.
func (g *group) dismiss(o *opening) {
	g.suspect = true
	o.member.r.noteOverdue()
	o.leaves = true
	g.pool.lane.leaving++
	g.openings.setAside(o)
	o.cancel()
	g.reassign(o)
	g.refill()
	g.recount()
}
