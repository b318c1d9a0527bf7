package connpool

import (
	"context"
	"fmt"
)

// closeHost closes what is open to one address: now what is idle, the rest at
// its Put.
func (p *pool) closeHost(network, address string) {
	if h := p.hosts.find(hashOf(network, address), network, address); h != nil {
		h.closeAll(ClosedByUser)
	}
}

func (h *host) verdicts(why CloseReason) (all []verdict) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.open {
		all = append(all, verdict{m, m.generation, why})
	}
	return all
}

func (h *host) closeAll(why CloseReason) {
	for _, v := range h.verdicts(why) {
		v.m.schedule(v.generation, why)
	}
}

func (p *pool) closeIdleConnections() {
	for h := range p.hosts.all {
		for _, v := range h.verdicts(ClosedByUser) {
			v.m.closeIdle(v.generation, v.why)
		}
	}
}

// closeDown cancels the dials that nobody waits for and closes what is open.
// The pool is closing. Whoever leaves a host then calls it too, so that nothing
// is left of a Get or a dial that this one came too early for.
func (h *host) closeDown() {
	h.mu.Lock()
	if h.pool.killed.Load() {
		for _, g := range h.gets {
			g.cancel(ErrClosed)
		}
	}
	if h.pool.killed.Load() || len(h.gets) == 0 {
		for _, d := range h.dials {
			d.cancel(ErrClosed)
		}
	}
	h.mu.Unlock()
	h.closeAll(ClosedShutdown)
}

func (p *pool) closeDown() {
	for h := range p.hosts.all {
		h.closeDown()
	}
	p.hosts.forgetAll()
}

// shutdown waits until nothing lives, or until ctx is over.
func (p *pool) shutdown(ctx context.Context) error {
	p.closing.Store(true)
	p.closeDown()
	drained := p.drained()
	if drained == nil {
		return nil
	}
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
		s := p.stats()
		return &shutdownError{ctx.Err(), context.Cause(ctx), s.InUse + s.Idle, s.Dialed, s.Dialing, s.Waiting}
	}
}

// shutdownError says what is left when the context of a Shutdown is over.
type shutdownError struct {
	ctx, cause                     error
	open, dialed, dialing, waiting uint
}

func (e *shutdownError) Error() string {
	return fmt.Sprintf("connpool: Shutdown: left are %d connections in use, %d of DialContext, %d dials and %d Gets that wait: %s",
		e.open, e.dialed, e.dialing, e.waiting, inOneLine(e.cause.Error()))
}

func (e *shutdownError) Unwrap() []error { return []error{e.ctx, e.cause} }
func (e *shutdownError) Timeout() bool   { return timedOut(e.ctx) || timedOut(e.cause) }
func (e *shutdownError) Temporary() bool { return true }

// drained returns nil or a channel that is closed once nothing lives.
func (p *pool) drained() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live.Load() == 0 {
		return nil
	}
	c := make(chan struct{})
	p.drainers = append(p.drainers, c)
	return c
}

func (p *pool) close() {
	p.killed.Store(true)
	p.closing.Store(true)
	p.closeDown()
}
