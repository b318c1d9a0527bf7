package resourcepool

// size is how many slots a pool has, and shall have.
//
// Slots to be given up are a debt. It is paid with free slots, by match before
// anybody is served; with those of idle resources, which are shed; and with
// those that users put. For the latter a pool with a debt counts as one more slot
// waiter, so that each Put looks (I6). A slot that is held stays with its holder.
//
// waitLock guards it.
type size struct {
	limit    uint // what was asked for
	total    uint // slots that exist: limit + debt, once all are counted
	debt     uint // of these, how many are to go
	shedding uint // resources that are being released for that
	closed   bool
	drained  chan struct{} // closed when the pool is, and has no slots any more
}

// shedAtOnce is how many victims are chosen in one critical section.
const shedAtOnce = 64

func (p *pool) setMax(limit uint) {
	p.waitLock.Lock()
	p.bounds.asked, p.bounds.wasAsked = limit, true
	if !p.size.closed {
		p.resize(p.bounds.least())
	}
	p.waitLock.Unlock()
	p.shedDebt()
}

// resize sets the limit, makes new slots at once, and notes a debt. waitLock is held.
func (p *pool) resize(limit uint) {
	s := &p.size
	owed := s.debt != 0
	s.limit = limit
	p.idle.Resize(uint64(limit))
	p.spread()
	limit = countable(limit)
	if have := s.total - s.debt; limit < have {
		s.debt += have - limit
	} else {
		more := limit - have
		forgiven := min(s.debt, more)
		s.debt -= forgiven
		s.total += more - forgiven
		p.free.Add(more - forgiven)
	}
	p.noteDebt(owed)
	p.refuseLarge()
	p.openLane()
	p.match()
	p.noteDrained()
}

// countable is how many slots there can be if so many are asked for: a counter of
// free slots is signed.
func countable(limit uint) uint { return uint(min(uint64(limit), 1<<63-1)) }

// noteDebt tells the Puts that there is a debt, or none any more.
func (p *pool) noteDebt(owed bool) {
	switch owes := p.size.debt != 0; {
	case owes && !owed:
		p.countSlotWaiters(1)
	case owed && !owes:
		p.countSlotWaiters(-1)
	}
}

// payDebt destroys free slots as long as there is a debt. waitLock is held.
func (p *pool) payDebt() {
	s := &p.size
	if s.debt == 0 {
		return
	}
	paid := p.free.Take(s.debt)
	s.debt -= paid
	s.total -= paid
	p.noteDebt(true)
	p.noteDrained()
}

// noteDrained ends a closed pool that has no slots any more.
func (p *pool) noteDrained() {
	if !p.size.closed || p.size.total != 0 {
		return
	}
	select {
	case <-p.size.drained:
	default:
		close(p.size.drained)
		p.leaveTree()
	}
}

// owing returns a pool that wants the slot of an idle resource of p, to give it
// up: one for which not enough are being released yet. waitLock is held.
func (p *pool) owing() *pool {
	for q := p; q != nil; q = q.parent {
		if q.size.debt > q.size.shedding {
			return q
		}
	}
	return nil
}

// shedDebt releases idle resources until the debt is paid or none is idle. If a
// Release panics, or ends its goroutine, it goes on with the others before that passes through.
func (p *pool) shedDebt() {
	var room [shedAtOnce]*resource
	finished := false
	defer func() {
		if !finished {
			p.shedDebt()
		}
	}()
	for {
		victims := p.claimDebt(room[:0])
		if len(victims) == 0 {
			break
		}
		p.shedThese(victims)
	}
	finished = true
}

// claimDebt appends victims for the debt of p as long as there is room.
func (p *pool) claimDebt(victims []*resource) []*resource {
	p.waitLock.Lock()
	defer p.waitLock.Unlock()
	for len(victims) < cap(victims) && p.size.debt > p.size.shedding {
		victim := p.claimFrom(nil)
		if victim == nil {
			break
		}
		p.size.shedding++
		victims = append(victims, victim)
	}
	return victims
}

// shedThese sheds all of the victims, also if the Release of one panics: they are
// claimed, so nobody else would.
func (p *pool) shedThese(victims []*resource) {
	for i, victim := range victims {
		passed := false
		func() {
			defer func() {
				if !passed {
					p.shedThese(victims[i+1:])
				}
			}()
			victim.pay(p)
			passed = true
		}()
	}
}

// shed releases a victim for the debt of a pool, and then looks again: while the
// slot was being paid and not yet off the count, another Put may have found
// that enough are being released.
func (r *resource) shed(p *pool) {
	defer p.shedDebt()
	r.pay(p)
}

// pay releases a victim. Its slots become free, and match pays with that of the
// pool. If the pool's debt was paid otherwise meanwhile, they stay.
func (r *resource) pay(p *pool) {
	defer p.unasked()()
	defer func() {
		p.waitLock.Lock()
		p.size.shedding--
		p.waitLock.Unlock()
	}()
	_ = r.close() // kept as the last error
}

func (p *pool) releaseOneIdle() bool {
	defer p.unasked()()
	p.waitLock.Lock()
	victim := p.claimFrom(nil)
	p.waitLock.Unlock()
	if victim == nil {
		return false
	}
	_ = victim.close() // kept as the last error
	return true
}

// releaseIdle sheds up to n idle resources, and frees their slots.
func (p *pool) releaseIdle(n uint) (released uint) {
	p.waitLock.Lock()
	n = min(n, p.size.total) // so that it ends also while others go on parking
	p.waitLock.Unlock()
	for ; released < n; released++ {
		if !p.releaseOneIdle() {
			break
		}
	}
	return released
}
