package rival

import "github.com/slotpool/slotpool/bench/work"

// channelSite is a channel of slots, those without a connection as nil.
type channelSite struct {
	shape   work.ConnShape
	address int
	pool    chan *conn
}

func newChannelSite(s work.ConnShape, address int) site {
	p := channelSite{s, address, make(chan *conn, s.Slots)}
	// Slots come out in order of arrival, so that one user goes through all of
	// them. All but one stay out, which leaves that user one connection.
	p.pool <- nil
	return p
}

func (p channelSite) get() work.Lease {
	c := <-p.pool
	if c == nil || !good(p.shape, c) {
		var err error
		c, err = dial(p.shape, p.address)
		work.Check(err)
	}
	return work.Lease{Conn: c.Conn, Handle: c}
}

func (p channelSite) put(l work.Lease) { p.pool <- l.Handle.(*conn) }

func (p channelSite) discard(l work.Lease) {
	work.Check(l.Close())
	p.pool <- nil
}

func (p channelSite) close() {
	for range len(p.pool) {
		if c := <-p.pool; c != nil {
			c.Close()
		}
	}
}

// semaphoreSite is a semaphorePool for connections.
type semaphoreSite struct {
	shape   work.ConnShape
	address int
	pool    *semaphorePool[*conn]
}

func newSemaphoreSite(s work.ConnShape, address int) site {
	return semaphoreSite{s, address, newSemaphorePool[*conn](s.Slots)}
}

func (p semaphoreSite) get() work.Lease {
	c := p.pool.get()
	if c == nil || !good(p.shape, c) {
		var err error
		c, err = dial(p.shape, p.address)
		work.Check(err)
	}
	return work.Lease{Conn: c.Conn, Handle: c}
}

func (p semaphoreSite) put(l work.Lease) { p.pool.put(l.Handle.(*conn)) }

func (p semaphoreSite) discard(l work.Lease) {
	work.Check(l.Close())
	p.pool.free.Release(1)
}

func (p semaphoreSite) close() {
	for _, c := range p.pool.idle {
		c.Close()
	}
}
