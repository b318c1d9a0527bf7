package connpool

import (
	"net"
	"syscall"
)

// The connections that DialContext and listeners give out. Each embeds what it
// stands for, because clients look for the methods of that: SyscallConn to find
// dead connections, ReadFrom to send files.

type tcpConn struct {
	*net.TCPConn
	slot *slotted
}

func (c *tcpConn) Close() error { return c.slot.close() }

type unixConn struct {
	*net.UnixConn
	slot *slotted
}

func (c *unixConn) Close() error { return c.slot.close() }

type udpConn struct {
	*net.UDPConn
	slot *slotted
}

func (c *udpConn) Close() error { return c.slot.close() }

// otherConn is any other, such as a *tls.Conn.
type otherConn struct {
	net.Conn
	slot *slotted
}

func (c *otherConn) Close() error { return c.slot.close() }

// NetConn returns the connection that this one stands for, of which nobody
// but this one may call Close.
func (c *otherConn) NetConn() net.Conn { return c.Conn }

// rawConn is an otherConn that shows its socket.
type rawConn struct {
	otherConn
	raw syscall.Conn
}

func (c *rawConn) SyscallConn() (syscall.RawConn, error) { return c.raw.SyscallConn() }

// wrap returns the connection of a slot as its user sees it.
func wrap(s *slotted) net.Conn {
	switch inner := s.inner.(type) {
	case *net.TCPConn:
		return &tcpConn{inner, s}
	case *net.UnixConn:
		return &unixConn{inner, s}
	case *net.UDPConn:
		return &udpConn{inner, s}
	case syscall.Conn:
		return &rawConn{otherConn{s.inner, s}, inner}
	}
	return &otherConn{s.inner, s}
}
