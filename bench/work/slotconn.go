package work

import "github.com/slotpool/slotpool/connpool"

// SlotpoolConn is this library. It checks a parked connection always.
var SlotpoolConn = NamedConn("slotpool", func(s ConnShape) ConnPool {
	p := &slotConns{dialer: s.Dialer}
	for _, address := range s.Addresses {
		p.conns = append(p.conns, connpool.New("tcp", address))
	}
	return p
})

type slotConns struct {
	conns  []*connpool.ConnResource
	dialer Dialer
}

func (p *slotConns) Get(address int) Lease {
	if p.dialer == nil {
		c, err := p.conns[address].Get(nil, dialTimeout)
		Check(err)
		return Lease{Conn: c.Conn, Handle: c}
	}
	c, err := p.conns[address].GetWithDialer(nil, p.dialer)
	Check(err)
	return Lease{Conn: c.Conn, Handle: c}
}

func (p *slotConns) Put(l Lease)     { l.Handle.(*connpool.Conn).Put() }
func (p *slotConns) Discard(l Lease) { Check(l.Handle.(*connpool.Conn).Close()) }

func (p *slotConns) Close() {
	for _, c := range p.conns {
		c.ScheduleClose()
	}
}
