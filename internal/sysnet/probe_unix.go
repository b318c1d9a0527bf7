//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sysnet

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// Probe asks the kernel whether a parked connection is alive. It is made once
// for a connection, so that asking allocates nothing. It keeps no descriptor
// number: whoever holds the connection may close it, and the number may then
// be another's.
type Probe struct {
	raw     syscall.RawConn
	ask     func(fd uintptr) // sets alive
	alive   bool
	scratch byte
	foreign bool
	unread  *unread // nil: nothing may lie unread
}

// NewProbe returns a probe for conn, reaching through wrappers that have a
// NetConn method. It returns nil, the probe that calls everything alive, if
// conn shows no socket. Over TLS make it right after the handshake: what is
// consumed and sent after that tells a session ticket from an answer.
func NewProbe(conn net.Conn) *Probe {
	s := socketOf(conn)
	if s.raw == nil {
		return nil
	}
	p := &Probe{raw: s.raw, foreign: s.foreign}
	if s.wrapped {
		p.unread = &unread{never: s.oldTLS}
		if p.raw.Control(p.unread.remember) != nil {
			p.unread.never = true // closed already
		}
	}
	p.ask = func(fd uintptr) {
		n, err := p.peek(fd)
		p.alive = err == unix.EAGAIN || err == unix.ENOTSOCK || // nothing to read, or nothing to ask
			p.unread != nil && n > 0 && err == 0 && p.unread.harmless(fd)
	}
	return p
}

// Guard has Undo called when a Control of somebody else's panics in a method of
// p. It must be called before p is used by anyone.
func (p *Probe) Guard(u Undoer) {
	if p != nil && p.foreign {
		p.raw = guarded{p.raw, u}
	}
}

// Alive reports whether the connection may still be used: the peer has not
// closed, half-closed or reset it, and nobody has closed it here. A plain
// connection with unread data is not alive, for a parked one has no answer
// to expect. A wrapped one may have unread data, such as a TLS session ticket.
// One call at a time; no reader or deadline of conn is disturbed.
func (p *Probe) Alive() bool {
	return p == nil || p.raw.Control(p.ask) == nil && p.alive // Control fails if it was closed here
}

// hungUp wraps poll(2). A peer that closed or reset the connection shows as
// one of the events in gone, however much unread data there is. If poll cannot
// tell, the connection counts as hung up.
func hungUp(fd uintptr) bool {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: askFor}}
	for {
		_, err := unix.Poll(fds[:], 0)
		if err == unix.EINTR {
			continue
		}
		return err != nil || fds[0].Revents&gone != 0
	}
}
