package resourcepool

import "time"

const lookAtOnce = 64 // openings that are looked at each time

// noteOverdue puts the members of this group in the lane whose Allocate takes too
// long, and so makes suspects of those that would be opened beside them. An Allocate that
// ends meanwhile has changed the phase, or finds the mark and takes the member out
// of the lane. waitLock is held.
func (g *group) noteOverdue() {
	now := time.Now()
	if g.openings.wanted > lookAtOnce && now.Sub(g.looked) < overdue/lookAtOnce {
		return // so that a herd does not look at all openings for each of its Gets
	}
	g.looked = now
	for o := g.openings.oldest; o != nil; o = o.newer {
		if began := o.began(); began.IsZero() || now.Sub(began) < overdue {
			continue
		}
		g.suspect = true
		o.member.r.noteOverdue()
	}
}

// begin notes that Allocate begins. Nobody waits for an opening of a closed pool.
//
// Opening against Close: both take waitLock, so that Close finds this one, or
// this one finds the pool closed.
func (o *opening) begin() {
	p := o.group.pool
	p.waitLock.Lock()
	defer p.waitLock.Unlock()
	o.begun = time.Now()
	if p.allocating == nil {
		p.allocating = map[*opening]struct{}{}
	}
	p.allocating[o] = struct{}{}
	o.watch()
	if p.size.closed {
		o.cancel()
	}
}

// began is when Allocate began, or, if the target knows better, when what takes its time
// in there did: it is no fault of an address if its Allocate waits for something else
// first. Zero is not yet, also while the target's word is that of an earlier Allocate.
// waitLock is held.
func (o *opening) began() time.Time {
	at, tells := allocateBegan(o.member.r.target)
	switch {
	case !tells || o.begun.IsZero():
		return o.begun
	case at.Before(o.begun):
		return time.Time{}
	}
	return at
}
