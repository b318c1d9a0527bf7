package rival

import (
	"sync"
	"sync/atomic"

	"github.com/slotpool/slotpool/bench/work"
)

// ForServer are the rivals that have several connections to one server.
func ForServer() []work.ConnContender {
	return []work.ConnContender{
		atEach("channel", newFilledChannelSite),
		atEach("puddle", newPuddleSite),
		robin,
	}
}

// newFilledChannelSite has a slot in the channel for each connection.
func newFilledChannelSite(s work.ConnShape, address int) site {
	p := newChannelSite(s, address).(channelSite)
	for len(p.pool) < cap(p.pool) {
		p.pool <- nil
	}
	return p
}

// robin deals a fixed number of connections to its users in turn, each with a
// mutex: what people write who have one connection and need several. Whoever is dealt the one
// of a slow request waits, though others are free.
var robin = work.NamedConn("round-robin", func(s work.ConnShape) work.ConnPool {
	p := &robinConns{shape: s, conns: make([]robinConn, s.Slots)}
	for i := range p.conns {
		p.conns[i].conn = p.dial()
	}
	return p
})

type robinConns struct {
	shape work.ConnShape
	next  atomic.Uint64
	conns []robinConn
}

type robinConn struct {
	lock sync.Mutex
	conn *conn
}

func (p *robinConns) dial() *conn {
	c, err := dial(p.shape, 0)
	work.Check(err)
	return c
}

// Opened says that it has opened all connections.
func (p *robinConns) Opened() {}

func (p *robinConns) Get(int) work.Lease {
	c := &p.conns[p.next.Add(1)%uint64(len(p.conns))]
	c.lock.Lock()
	if !good(p.shape, c.conn) {
		c.conn.Close()
		c.conn = p.dial()
	}
	return work.Lease{Conn: c.conn.Conn, Handle: c}
}

func (p *robinConns) Put(l work.Lease) { l.Handle.(*robinConn).lock.Unlock() }

func (p *robinConns) Discard(l work.Lease) {
	c := l.Handle.(*robinConn)
	c.conn.Close()
	c.conn = p.dial()
	c.lock.Unlock()
}

func (p *robinConns) Close() {
	for i := range p.conns {
		p.conns[i].conn.Close()
	}
}
