package sysnet

import (
	"crypto/tls"
	"net"
)

// Closer closes a connection for somebody who cannot wait for its peer. It is
// made once for a connection.
type Closer struct {
	conn  net.Conn // what is closed
	ofNet bool
}

// NewCloser returns what closes conn.
func NewCloser(conn net.Conn) Closer {
	for range maxUnwrap {
		t, ok := conn.(*tls.Conn)
		if !ok {
			break
		}
		conn = t.NetConn()
	}
	return Closer{conn, ofNet(conn)}
}

// NeverBlocks reports whether it is known that Close does not wait.
func (c *Closer) NeverBlocks() bool { return c.ofNet }

// Close closes the connection, of which p is the Probe, in a way that does not
// wait for the peer where that can be had, and does not reset it: the kernel goes
// on sending what was written. A linger that was set is cleared. The socket below
// a tls.Conn is closed without an alert, for which there may be no room. Another
// wrapper is closed by its own Close, before which a socket whose buffer is full
// is shut for writing, so that a last write fails rather than waits.
//
// What lies unread is discarded first, as close(2) would reset a TCP connection
// for it. Bytes that arrive after that still make the kernel reset it.
func (c *Closer) Close(p *Probe) error {
	closed := false
	defer func() {
		if !closed { // a panic of somebody else's RawConn
			c.conn.Close()
		}
	}()
	p.readyToClose(c.ofNet)
	closed = true
	return c.conn.Close()
}
