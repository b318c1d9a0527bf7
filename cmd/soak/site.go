//go:build linux

package main

import (
	"net"
	"sync/atomic"
	"syscall"

	"github.com/slotpool/slotpool/connpool"
	"golang.org/x/sys/unix"
)

// site is one resource, and what the checks know of it.
type site struct {
	endpoint
	index    int
	resource *connpool.ConnResource
	holder   atomic.Int64         // number of the user who has it, plus 1; 0 if nobody
	handouts atomic.Uint64        // Gets that succeeded
	last     atomic.Pointer[seen] // the connection that was handed out last
}

// seen is a connection that was handed out. It keeps the net.Conn, so that
// one the pool forgets to close is not closed by the garbage collector.
type seen struct {
	conn net.Conn
	raw  syscall.RawConn
	tls  bool
}

func newSite(index int, e endpoint) *site {
	return &site{endpoint: e, index: index, resource: connpool.New(e.Network, e.Address)}
}

// socketer is a connection of the soak's own that hides its socket from the
// pool, but not from the checks.
type socketer interface{ socket() syscall.Conn }

func newSeen(conn net.Conn) *seen {
	s := &seen{conn: conn}
	socket, ok := conn.(syscall.Conn)
	if t, wraps := conn.(interface{ NetConn() net.Conn }); wraps {
		s.tls = true
		socket, ok = t.NetConn().(syscall.Conn)
	}
	if h, hides := conn.(socketer); hides {
		socket, ok = h.socket(), true
	}
	if ok {
		s.raw, _ = socket.SyscallConn() // nil if closed already
	}
	return s
}

// dead reports whether the kernel calls the connection dead for the next
// user. It polls, which unlike a read leaves a pending error where it is for
// the pool to find. It is false for a connection that is closed here.
func (s *seen) dead() bool {
	if s.raw == nil {
		return false
	}
	bad := int16(unix.POLLRDHUP | unix.POLLHUP | unix.POLLERR)
	if !s.tls {
		bad |= unix.POLLIN
	}
	dead := false
	_ = s.raw.Control(func(fd uintptr) {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLRDHUP}}
		n, err := unix.Poll(p, 0)
		dead = err == nil && n > 0 && p[0].Revents&bad != 0
	})
	return dead
}

// observation is what a user saw of a site before its Get.
type observation struct {
	of       *seen
	handouts uint64
	dead     bool
}

// observe looks at the connection that is parked at the site. What it sees
// counts only if nobody gets it before the observer does: then a connection
// that was dead has stayed so, for nobody read from it.
func (s *site) observe() observation {
	o := observation{handouts: s.handouts.Load(), of: s.last.Load()}
	if o.of != nil && s.holder.Load() == 0 {
		o.dead = o.of.dead()
	}
	return o
}

// handout is what the checks make of a connection that a Get returned.
type handout struct {
	reused   bool // seen before
	stale    bool // dead before the Get began
	replaced bool // another one was, and this one came in its place
	dead     bool // dead by now
}

// handedOut notes that a Get, before which the user saw before, returned conn.
func (s *site) handedOut(conn net.Conn, before observation) handout {
	handouts := s.handouts.Add(1)
	last := s.last.Load()
	wasDead := before.dead && before.of == last && handouts == before.handouts+1
	if last == nil || last.conn != conn {
		s.last.Store(newSeen(conn))
		return handout{replaced: wasDead}
	}
	return handout{reused: true, stale: wasDead, dead: last.dead()}
}
