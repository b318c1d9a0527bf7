package rival

import (
	"net"

	"github.com/slotpool/slotpool/bench/work"
)

// AllConns are the rivals for connections. All but the last two have a pool
// for each address, and so no common limit on connections to many addresses.
func AllConns() []work.ConnContender {
	return []work.ConnContender{
		atEach("puddle", newPuddleSite),
		atEach("channel", newChannelSite),
		atEach("semaphore", newSemaphoreSite),
		atEach("commons", newCommonsSite),
		mapConns,
		bareConns,
	}
}

// conn is what the pools hold.
type conn struct {
	net.Conn
	peek *work.Peek
}

func dial(s work.ConnShape, address int) (*conn, error) {
	c, err := s.DialerOr().Dial("tcp", s.Addresses[address])
	if err != nil {
		return nil, err
	}
	return &conn{c, work.NewPeek(c)}, nil
}

// good is the look at a parked connection, if one is asked for.
func good(s work.ConnShape, c *conn) bool { return !s.Check || c.peek.Alive() }

// site is a pool of connections to one address.
type site interface {
	get() work.Lease
	put(work.Lease)
	discard(work.Lease)
	close()
}

// sites is a site for each address.
type sites []site

func atEach(name string, newSite func(s work.ConnShape, address int) site) work.ConnContender {
	return work.NamedConn(name, func(s work.ConnShape) work.ConnPool {
		if s.Keyed {
			return nil
		}
		p := make(sites, len(s.Addresses))
		for i := range p {
			p[i] = newSite(s, i)
		}
		return p
	})
}

func (p sites) Get(address int) work.Lease {
	l := p[address].get()
	l.Address = address
	return l
}

func (p sites) Put(l work.Lease)     { p[l.Address].put(l) }
func (p sites) Discard(l work.Lease) { p[l.Address].discard(l) }

func (p sites) Close() {
	for _, s := range p {
		s.close()
	}
}

// bareConns is no pool: it dials each time. Where each connection is used
// once anyway it is the floor, which is there under that name.
var bareConns = work.NamedConn("bare", func(s work.ConnShape) work.ConnPool {
	if !s.Keyed {
		return nil
	}
	return (*bare)(&s)
})

type bare work.ConnShape

func (p *bare) Get(address int) work.Lease {
	c, err := work.ConnShape(*p).DialerOr().Dial("tcp", p.Addresses[address])
	work.Check(err)
	return work.Lease{Conn: c}
}

func (p *bare) Put(l work.Lease)     { work.Check(l.Close()) }
func (p *bare) Discard(l work.Lease) { work.Check(l.Close()) }
func (p *bare) Close()               {}
