package rival

import "github.com/slotpool/slotpool/bench/work"

// mapConns is lockedMap for connections: it closes one, under its lock, to
// open another.
var mapConns = work.NamedConn("map", func(s work.ConnShape) work.ConnPool {
	closeConn := func(c *conn) {
		if c != nil {
			c.Close()
		}
	}
	return &mapConnPool{s, newKeyed[int](s.Slots, closeConn)}
})

type mapConnPool struct {
	shape work.ConnShape
	pool  *keyed[int, *conn]
}

func (p *mapConnPool) Get(address int) work.Lease {
	e, fresh := p.pool.get(address)
	if fresh || !good(p.shape, e.value) {
		c, err := dial(p.shape, address)
		work.Check(err)
		e.value = c
	}
	return work.Lease{Conn: e.value.Conn, Handle: e}
}

func (p *mapConnPool) Put(l work.Lease)     { p.pool.put(l.Handle.(*entry[int, *conn])) }
func (p *mapConnPool) Discard(l work.Lease) { p.pool.discard(l.Handle.(*entry[int, *conn])) }

func (p *mapConnPool) Close() {
	for p.pool.evict() {
	}
}
