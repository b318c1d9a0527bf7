package work

import (
	"net"
	"syscall"
	"unsafe"
)

// Peek asks the kernel whether a parked connection is alive, with the one
// system call that it takes. Rivals use it where a benchmark says check=peek.
type Peek struct {
	raw   syscall.RawConn
	ask   func(fd uintptr)
	alive bool
	to    byte
}

// NewPeek returns the Peek of a connection, which is also that of what it
// wraps.
func NewPeek(c net.Conn) *Peek {
	if wrapper, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = wrapper.NetConn()
	}
	raw, err := c.(syscall.Conn).SyscallConn()
	Check(err)
	p := &Peek{raw: raw}
	p.ask = func(fd uintptr) {
		const peek = syscall.MSG_PEEK | syscall.MSG_DONTWAIT
		_, _, err := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&p.to)), 1, peek, 0, 0)
		p.alive = err == syscall.EAGAIN
	}
	return p
}

// Alive reports whether there is nothing to read, not even an end.
func (p *Peek) Alive() bool { return p.raw.Control(p.ask) == nil && p.alive }

// FloorConn is no pool but the least that one could do: the two
// compare-and-swaps of Floor with a peek between them if one is asked for, and
// for a connection that is used once, a dial and a close.
var FloorConn = NamedConn("floor", func(s ConnShape) ConnPool {
	if s.Keyed {
		return nil
	}
	return &floorConns{shape: s, dialer: s.DialerOr(), parked: make([]parked, len(s.Addresses))}
})

type floorConns struct {
	shape  ConnShape
	dialer Dialer
	parked []parked
}

type parked struct {
	word word
	conn net.Conn
	peek *Peek
}

func (p *floorConns) Get(address int) Lease {
	k := &p.parked[address]
	if k.conn != nil {
		if k.word.take(); p.shape.Check && !k.peek.Alive() {
			panic("work: a parked connection died: " + p.shape.Addresses[address])
		}
		return Lease{Conn: k.conn, Handle: k}
	}
	c, err := p.dialer.Dial("tcp", p.shape.Addresses[address])
	Check(err)
	return Lease{Conn: c, Handle: k}
}

func (p *floorConns) Put(l Lease) {
	k := l.Handle.(*parked)
	if k.conn == nil {
		k.conn, k.peek = l.Conn, NewPeek(l.Conn)
		return
	}
	k.word.give()
}

func (p *floorConns) Discard(l Lease) { Check(l.Conn.Close()) }

func (p *floorConns) Close() {
	for i := range p.parked {
		if c := p.parked[i].conn; c != nil {
			c.Close()
		}
	}
}
