//go:build linux

package load

import (
	"errors"
	"net"
	"os"
	"time"

	"github.com/slotpool/slotpool/connpool"
)

// errFlooded is the end of a connection whose peer does not read: all buffers
// on the way to it are full.
var errFlooded = errors.New("the peer has stopped reading")

const (
	floodPatience = 100 * time.Millisecond
	floodBuffer   = 16 << 10
	floodLinger   = 1 // seconds, see SO_LINGER in socket(7)
)

// flood writes until nothing more fits. What it writes is no request. Now and
// then it makes the close wait for the peer.
func (u *user) flood(conn *connpool.Conn, t task) {
	if c := socketOf(conn.Conn); c != nil {
		_ = c.SetWriteBuffer(floodBuffer) // of a connection that may be dead by now, as the rest
		if t.Even < 0.25 {
			_ = c.SetLinger(floodLinger)
		}
	}
	clear(u.scratch)
	_ = conn.SetWriteDeadline(time.Now().Add(floodPatience))
	for {
		if _, err := conn.Write(u.scratch); err != nil {
			break
		}
	}
	_ = conn.SetDeadline(time.Time{})
}

// afterTimeout is what a request comes to that was not answered in time. Its answer
// comes as soon as the peer reads again: the next user may get it if the connection is put.
func (u *user) afterTimeout(conn *connpool.Conn, t task, of *seen, err error) error {
	if !errors.Is(err, os.ErrDeadlineExceeded) || !Faults(u.load.Active.Load()).has(FaultStopReading) {
		return err
	}
	of.owed.Store(true)
	u.flood(conn, t)
	u.load.Tally.add(CountFlooded)
	return errFlooded
}

// socketOf returns the TCP connection at the bottom, nil if there is none.
func socketOf(conn net.Conn) *net.TCPConn {
	switch c := conn.(type) {
	case *net.TCPConn:
		return c
	case *socketConn:
		return socketOf(c.Conn)
	case *opaqueConn:
		return socketOf(c.Conn)
	case interface{ NetConn() net.Conn }:
		return socketOf(c.NetConn())
	}
	return nil
}
