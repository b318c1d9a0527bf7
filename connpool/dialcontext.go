package connpool

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/internal/dialgate"
	"github.com/slotpool/slotpool/resourcepool"
)

// slotted is the slot of a connection that is never parked: one that
// DialContext gave out, or one that a listener accepted. It is the target of a
// resource that is in use until the connection is closed.
type slotted struct {
	open     func(ctx context.Context) (net.Conn, error) // nil: what comes is put into inner later
	inner    net.Conn                                    // nil until then
	resource *resourcepool.Resource
	closed   atomic.Bool
	whenFree func()      // may be nil
	quiet    *quietWatch // nil if it is not to be evicted
	index    int         // in quietConns
	at       place       // where DialContext has dialled
	dialgate.Clock
}

func newSlotted(slots *resourcepool.Pool, address string) *slotted {
	s := &slotted{}
	s.resource = slots.CreateKeyed(s, address)
	return s
}

// Allocate is AllocateContext without a context.
func (s *slotted) Allocate() error { return s.AllocateContext(context.Background()) }

// AllocateContext dials, on the goroutine of DialContext.
func (s *slotted) AllocateContext(ctx context.Context) (err error) {
	if s.open != nil {
		s.inner, err = s.open(ctx)
	}
	return err
}

// Release closes the connection.
func (s *slotted) Release() error {
	if s.whenFree != nil {
		defer s.whenFree()
	}
	if s.inner == nil {
		return nil
	}
	return s.inner.Close()
}

// close is the Close of the connection. The first frees the slot; a later one
// returns what that of a closed connection does.
func (s *slotted) close() error {
	if s.closed.CompareAndSwap(false, true) {
		return s.resource.Release()
	}
	return s.inner.Close()
}

// evict is close for somebody else than the user. False: the user was first.
func (s *slotted) evict() bool {
	if !s.closed.CompareAndSwap(false, true) {
		return false
	}
	_ = s.resource.Release()
	return true
}

func (p *Pool) dialContext(ctx context.Context, network, address string) (net.Conn, error) {
	s, err := p.start()
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, s.failure(nil, network, address, over{ctx})
	}
	h, err := s.enter(network, address)
	if err != nil {
		return nil, s.failure(nil, network, address, err)
	}
	defer s.leave(h)
	if err := h.backoff(); err != nil {
		return nil, s.failure(h, network, address, err)
	}
	c, err := s.openSlotted(ctx, h)
	if err != nil {
		return nil, s.failure(h, network, address, err)
	}
	return c, nil
}

// openSlotted waits for a slot and dials, for DialTimeout each.
func (p *pool) openSlotted(ctx context.Context, h *host) (conn net.Conn, err error) {
	defer p.countSlotted(ctx, h, time.Now(), &conn, &err)
	ctx, end := h.beginGet(ctx)
	defer end()
	slotCtx, cancel := context.WithTimeoutCause(ctx, p.settings.DialTimeout, noSlotInTime(p.settings.DialTimeout))
	defer cancel()
	s := newSlotted(p.slots, h.address)
	s.at = place{h.network, h.address}
	s.open = func(context.Context) (net.Conn, error) { // with a slot in hand
		began := time.Now()
		c, err := p.dialConn(ctx, h.network, h.address, &s.Clock, nil)
		h.dialled(ctx, began, err)
		return c, err
	}
	if err := s.resource.GetContext(slotCtx); err != nil {
		return nil, err
	}
	return p.give(s), nil
}

// countSlotted is deferred, and counts a call of DialContext as a Get that found no idle
// connection is counted. The call has led to conn, to err, or to a panic.
func (p *pool) countSlotted(caller context.Context, h *host, began time.Time, conn *net.Conn, err *error) {
	p.counts.waits.Add(1)
	if *conn == nil {
		var late noSlotInTime
		p.counts.waitFailed(caller.Err() != nil || errors.As(*err, &late))
	}
	p.journal.waited(h, time.Since(began))
}

// give makes a connection of an open one in its slot.
func (p *pool) give(s *slotted) net.Conn {
	p.live.Add(1)
	c := wrap(s)
	if tcp, ok := c.(*tcpConn); ok && p.settings.EvictQuiet != 0 {
		c = p.quiet.watch(tcp, p.settings.EvictQuiet)
	}
	s.whenFree = func() { // before anybody can evict it
		p.quiet.remove(s)
		p.passed()
	}
	p.quiet.add(p, s)
	if p.settings.EvictQuiet != 0 && p.needsRelief() {
		go p.relieve()
	}
	return c
}
