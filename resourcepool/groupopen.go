package resourcepool

import "context"

// open is the body of Group.Open.
func (g *group) open(ctx context.Context) (opened bool, err error) {
	if ctx.Err() != nil {
		return false, newWaitError(g.pool, ErrorResourceLimitExceeded, ctx)
	}
	o, err := g.beginOpen(ctx)
	if o == nil {
		return false, err
	}
	err = o.runHere()
	return err == nil, err
}

// beginOpen takes a free slot for a member, or returns nil. As in seek the slot is taken
// without the lock, by who has seen nobody wait.
//
// The opening is set aside from the start: no Get waits for it, as it ends with
// the context of its caller. What comes of it serves those who wait all the same.
func (g *group) beginOpen(ctx context.Context) (o *opening, err error) {
	p := g.pool
	taken := p.slotWaiters.Load() == 0 && p.tryFree(int(g.home)) == nil
	defer func() {
		if taken && o == nil { // also if makeTarget panics
			p.freeSlots(int(g.home), nil)
		}
	}()
	p.waitLock.Lock()
	defer p.waitLock.Unlock()
	g.noteOverdue()
	switch {
	case p.size.closed:
		return nil, ErrPoolClosed
	case !taken, g.most != 0 && g.live.Load() >= g.most:
		return nil, nil
	case g.suspect && (p.lane.queue.oldest != nil || !p.laneHasRoom()):
		return nil, nil
	}
	m := g.newMember()
	if m.r.isSuspect() {
		m.r.enterLane()
	}
	g.live.Add(1)
	o = g.newOpening(m, ctx)
	o.start()
	g.openings.setAside(o)
	return o, nil
}

// runHere allocates on the goroutine of the caller, who has a panic or a Goexit in it.
func (o *opening) runHere() (err error) {
	err = errGoexit
	defer func() { o.ended(err, nil) }()
	r := &o.member.r
	r.admit()
	err = r.open(nil, nil, timedAllocator{o})
	return err
}
