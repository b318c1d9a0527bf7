package connpool

import (
	"context"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// take returns the newest idle connection to an address, now the caller's, or
// nil. It is the hot half of Get: it takes no lock and allocates nothing.
func (p *pool) take(network, address string) *connection {
	h := p.hosts.find(hashOf(network, address), network, address)
	if h == nil {
		return nil
	}
	r := h.group.TryGet()
	if r == nil {
		return nil
	}
	return r.Target().(*member).open
}

func (p *Pool) get(ctx context.Context, network, address string) (*Conn, error) {
	s := p.body.p.Load()
	if s == nil || ctx.Err() != nil {
		return p.getSlow(ctx, nil, network, address)
	}
	k := s.take(network, address)
	if k != nil && s.plain && k.probe.Alive() {
		return k.handOut(), nil
	}
	return p.getSlow(ctx, k, network, address)
}

// getSlow is the rest of get. It may have a connection in hand, which may be
// dead or needs hooks.
func (p *Pool) getSlow(ctx context.Context, k *connection, network, address string) (*Conn, error) {
	s, err := p.start()
	if err != nil {
		return nil, err
	}
	if k == nil && ctx.Err() != nil {
		return nil, s.failure(nil, network, address, over{ctx})
	}
	if k != nil && s.good(ctx, k) {
		return s.hand(k), nil
	}
	h, err := s.enter(network, address)
	if err != nil {
		if k != nil {
			k.discard(ClosedDead)
		}
		return nil, s.failure(nil, network, address, err)
	}
	defer s.leave(h)
	k, err = h.get(ctx, k)
	if err != nil {
		return nil, s.failure(h, network, address, err)
	}
	return s.hand(k), nil
}

// getting is a Get that found no idle connection.
type getting struct{ cancel context.CancelCauseFunc }

// get waits for a connection. dead is one that is to be replaced, or nil.
func (h *host) get(ctx context.Context, dead *connection) (k *connection, err error) {
	p, renews := h.pool, false
	defer func() { // also if a hook ends the goroutine
		if dead != nil && !renews {
			dead.discard(ClosedDead)
		}
	}()
	if err := h.backoff(); err != nil {
		return nil, err
	}
	caller := ctx
	ctx, end := h.beginGet(ctx)
	defer end()
	p.counts.waits.Add(1)
	p.settings.waitStart(h)
	began, served := time.Now(), false
	defer func() {
		if !served {
			p.counts.waitFailed(caller.Err() != nil)
			k = nil
		}
		h.waited(k, time.Since(began), err)
	}()
	var r *resourcepool.Resource
	if renews = true; dead != nil {
		r, err = h.group.Renew(ctx, dead.slot)
	} else {
		r, err = h.group.Get(ctx)
	}
	for err == nil {
		k = r.Target().(*member).open
		if k.turn == 0 || p.good(ctx, k) {
			served = true
			return k, nil
		}
		r, err = h.group.Renew(ctx, r)
	}
	return nil, err
}

// waited tells of the end of a wait, which has led to k or to err.
func (h *host) waited(k *connection, took time.Duration, err error) {
	told := false
	defer func() {
		if !told && k != nil { // the hook ends the goroutine
			k.discard(ClosedByUser)
		}
	}()
	h.pool.journal.waited(h, took)
	h.pool.settings.waitDone(h, took, err)
	told = true
}

// beginGet makes a Get known. The context that it returns ends also when the pool
// is closed.
func (h *host) beginGet(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	g := &getting{cancel}
	h.mu.Lock()
	h.gets.add(g)
	h.mu.Unlock()
	// Get against Close: Close says killed first and then cancels who is in
	// the set, and this comes the other way round.
	if h.pool.killed.Load() {
		cancel(ErrClosed)
	}
	return ctx, func() {
		h.mu.Lock()
		h.gets.remove(g)
		h.mu.Unlock()
		cancel(nil)
	}
}

// good looks at a connection that somebody had before and that is the
// caller's now. If it is not good it is still the caller's. If Check panics it
// is closed.
func (p *pool) good(ctx context.Context, k *connection) bool {
	checked := false
	defer func() {
		if !checked {
			k.discard(ClosedDead)
		}
	}()
	good := k.probe.Alive() && (p.settings.Check == nil || k.turn == 0 || p.settings.Check(ctx, k.inner) == nil)
	if !good {
		k.pooled.why.Store(uint32(ClosedDead))
	}
	checked = true
	return good
}

// hand gives a good connection to its user.
func (p *pool) hand(k *connection) *Conn {
	handed := false
	defer func() {
		if !handed { // the hook ends the goroutine
			k.discard(ClosedByUser)
		}
	}()
	if k.turn != 0 {
		p.settings.reused(k.pooled.host)
	}
	k.pooled.hold()
	handed = true
	return k.handOut()
}

func (p *Pool) tryGet(network, address string) (*Conn, bool) {
	s, err := p.start()
	if err != nil {
		return nil, false
	}
	for {
		k := s.take(network, address)
		if k == nil {
			return nil, false
		}
		if s.good(context.Background(), k) {
			return s.hand(k), true
		}
		k.discard(ClosedDead)
	}
}

// do gives f a handle of its own: those of the connection are handed out again
// once f has put them, and then do could not tell whose they are.
func (p *Pool) do(ctx context.Context, network, address string, f func(*Conn) error) error {
	first, err := p.get(ctx, network, address)
	if err != nil {
		return err
	}
	c := &Conn{Conn: first.Conn}
	c.belong(first.of)
	first.Conn = nil
	done := false
	defer func() {
		if !done && c.Conn != nil {
			_ = c.Close()
		}
	}()
	if err := f(c); err != nil {
		return err
	}
	done = true
	if c.Conn != nil {
		c.Put()
	}
	return nil
}
