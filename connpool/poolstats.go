package connpool

import (
	"context"
	"errors"
	"sync/atomic"
)

// counts are the totals of a pool.
type counts struct {
	reuses, waits, waitsFailed, waitsOver         atomic.Uint64
	succeeded, timedOut, cancelledDials, failures atomic.Uint64
	closes                                        [closeReasons]atomic.Uint64
}

// waitFailed counts a Get that waited in vain. over says that its context was over.
func (c *counts) waitFailed(over bool) {
	c.waitsFailed.Add(1)
	if over {
		c.waitsOver.Add(1)
	}
}

// closed counts a connection that was handed out so many times.
func (c *counts) closed(why CloseReason, uses uint64) {
	c.closes[why].Add(1)
	if uses > 1 {
		c.reuses.Add(uses - 1)
	}
}

func (c *counts) dialed(err error) {
	switch {
	case err == nil:
		c.succeeded.Add(1)
	case timedOut(err):
		c.timedOut.Add(1)
	case errors.Is(err, context.Canceled):
		c.cancelledDials.Add(1)
	default:
		c.failures.Add(1)
	}
}

func (p *pool) stats() PoolStats {
	c := &p.counts
	closes := func(why CloseReason) uint64 { return c.closes[why].Load() }
	s := PoolStats{
		Dialed:      p.quiet.len(),
		Addresses:   uint(p.hosts.len()),
		Reuses:      c.reuses.Load(),
		Waits:       c.waits.Load(),
		WaitsFailed: c.waitsFailed.Load(),
		WaitsOver:   c.waitsOver.Load(),
		Dials: DialStats{c.succeeded.Load(), c.timedOut.Load(),
			c.cancelledDials.Load(), c.failures.Load()},
		Closed: ClosedStats{
			Evicted: closes(ClosedEvicted), Dead: closes(ClosedDead), ByPeer: closes(ClosedByPeer),
			Idle: closes(ClosedIdle), Lifetime: closes(ClosedLifetime), Reset: closes(ClosedReset),
			ByUser: closes(ClosedByUser), Shutdown: closes(ClosedShutdown),
		},
	}
	for seen := range p.glances {
		for _, m := range seen.open {
			if m.slot.Seen().Idle {
				s.Idle++
			} else {
				s.InUse++
			}
		}
		s.Dialing += seen.dialing
		s.Waiting += seen.waiting
	}
	return s
}

// glance is what some hosts have.
type glance struct {
	open             []*member // of the caller until the next
	dialing, waiting uint      // dials that go on, and Gets more than these
}

// glances yields what all hosts have, some hosts at a time. What needs no lock is left to the
// caller: where no lock is taken between the connections, the processor fetches the memory
// of several at once.
func (p *pool) glances(yield func(glance) bool) {
	var seen glance
	for hosts := range p.hosts.batches {
		clear(seen.open)
		seen = glance{open: seen.open[:0]}
		for _, h := range hosts {
			h.glance(&seen)
		}
		if !yield(seen) {
			return
		}
	}
}
