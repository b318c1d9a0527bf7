package resourcepool

import "runtime/debug"

// clearing is the Release of a victim, on a goroutine of its own, for a Get or Acquire
// that can be cancelled. Its own word, guarded by waitLock, decides who frees the slot.
type clearing struct {
	victim    *resource
	over      bool   // Release has ended
	abandoned uint64 // the number of the orphan that it is; 0 while the Get waits
	panicked  *panicked
	done      chan struct{}
}

// panicked is what a callback on a goroutine of its own panicked with.
type panicked struct {
	value any
	stack []byte // of that goroutine
}

// recovered makes one of what recover returned, or nil of nil.
func recovered(value any) *panicked {
	if value == nil {
		return nil
	}
	return &panicked{value, debug.Stack()}
}

// releasesAtOnce reports whether the Release of a victim is known not to block.
func (r *resource) releasesAtOnce() bool {
	t, ok := r.target.(interface{ ReleaseNeverBlocks() bool })
	return ok && t.ReleaseNeverBlocks()
}

// clear has a victim released whose Release may block, while r, which needs its
// slot, can be cancelled: that must not wait for a stranger's close. The victim
// stays a resident until the Release has ended. An error means that the Get is
// over and that r is nobody's.
func (r *resource) clear(victim *resource, level *pool, cancel <-chan struct{}) error {
	c := startClearing(victim)
	if readyNow(cancel) {
		cancel = nil // immediate: it waits for what has begun (I8)
	}
	if !c.wait(cancel, func() { r.inherit(level) }) {
		r.pool.count(&r.pool.counts.cancelledWaits)
		return ErrorResourceLimitExceeded
	}
	if c.panicked != nil {
		r.relinquish(level)
		victim.vacate(byEviction)
		panic(c.panicked.value)
	}
	return nil
}

func startClearing(victim *resource) *clearing {
	c := &clearing{victim: victim, done: make(chan struct{})}
	go c.run()
	return c
}

// wait waits until the Release has ended, and reports true, or until cancel speaks.
//
// End against cancel: both take waitLock. If the Release has ended the slot is
// the waiter's, which goes on; else abandon is called, with the lock held, to
// give up what depends on that slot, and the goroutine frees the slot when it ends.
func (c *clearing) wait(cancel <-chan struct{}, abandon func()) (ended bool) {
	select {
	case <-c.done:
		return true
	case <-cancel:
	}
	p := c.victim.pool
	p.waitLock.Lock()
	if !c.over {
		c.abandoned = p.orphans.begin()
		abandon()
	}
	ended = c.over
	p.waitLock.Unlock()
	if ended {
		<-c.done
	}
	return ended
}

func (c *clearing) run() {
	p := c.victim.pool
	defer func() { // also after a panic or a Goexit
		c.panicked = recovered(recover())
		p.waitLock.Lock()
		c.over = true
		p.waitLock.Unlock()
		close(c.done)
		if c.abandoned == 0 {
			return
		}
		c.victim.vacate(byEviction)
		p.waitLock.Lock()
		p.endOrphan(c.abandoned)
		p.waitLock.Unlock()
		if c.panicked != nil {
			logPanic(c.victim.target, "Release", c.panicked)
		}
	}()
	c.victim.saveError(c.victim.target.Release())
}

// readyNow reports whether a canceler has a message or is closed. It takes no
// message out of a buffer.
func readyNow(cancel <-chan struct{}) bool {
	if len(cancel) > 0 {
		return true
	}
	select {
	case <-cancel:
		return true
	default:
		return false
	}
}
