package resourcepool

import "context"

// close ends a pool and those below it: their size becomes 0, and whoever waits, or
// comes later, is refused.
//
// Sub against Close: both take waitLock, so that a sub-pool is either in the tree
// here, or finds its parent closed. One that was left open would have its
// Gets wait for ever in the queue of a pool that refused all others already.
func (p *pool) close() { p.shedAll(p.end()) }

// end is close up to the release of what is idle in the pools that it returns.
func (p *pool) end() []*pool {
	p.waitLock.Lock()
	defer p.waitLock.Unlock()
	tree := p.tree.Load().pools // a drained pool leaves the next tree, not this one
	for _, q := range tree {
		if !q.size.closed {
			q.size.closed = true
			q.refuseAll()
		}
	}
	for o := range p.allocating {
		if o.group.pool.size.closed {
			o.cancel()
		}
	}
	for i := len(tree) - 1; i >= 0; i-- { // those below first
		tree[i].resize(0)
	}
	return tree
}

// shedAll is shedDebt of several pools, the last first. A panic in a Release passes
// through when all have been shed.
func (p *pool) shedAll(tree []*pool) {
	for _, q := range tree {
		defer q.shedDebt()
	}
}

// refuseAll refuses all who wait in the pool, for whatever. waitLock is held.
func (p *pool) refuseAll() {
	for _, w := range p.everyone.all() {
		if w.pool == p && w.queue != nil { // else it has gone with another
			w.expel()
			w.refuse(ErrPoolClosed)
		}
	}
}

// expel takes a waiter off its queue, and gives back what it has got so far.
func (w *waiter) expel() {
	switch {
	case w.group != nil:
		w.group.forget(w)
	case w.batch != nil:
		w.level.dequeueSlotWaiter(w)
	case w.queue == &w.resource.waiters:
		w.resource.leaveQueue(w)
	default:
		w.leaveSlotQueue()
	}
}

// shutdown closes the pool and waits until it has no slots left. What is idle is released on
// a goroutine of its own, so that a Release that blocks does not hold up the
// end of the context.
func (p *pool) shutdown(ctx context.Context) error {
	tree := p.end()
	left, shed := make(chan struct{}), make(chan *panicked)
	defer close(left)
	go func() {
		defer func() {
			c := recovered(recover())
			select {
			case shed <- c:
			case <-left:
				if c != nil {
					logPanic(nil, "Release", c)
				}
			}
		}()
		p.shedAll(tree)
	}()
	var over <-chan struct{} // drained, once shed
	for {
		select {
		case c := <-shed:
			if c != nil {
				panic(c.value)
			}
			over = p.size.drained
		case <-over:
			return nil
		case <-ctx.Done():
			return p.shutdownLate(ctx)
		}
	}
}

// shutdownLate is the result when ctx is over: nil if the pool is drained as well.
func (p *pool) shutdownLate(ctx context.Context) error {
	select {
	case <-p.size.drained:
		return nil
	default:
		return newWaitError(p, ErrorPutTimeout, ctx)
	}
}
