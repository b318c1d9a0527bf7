//go:build linux

package load

import (
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// seen is a connection that was handed out, and what the checks know of it. It
// keeps the net.Conn, so that one the library forgets to close is not closed by the
// garbage collector.
type seen struct {
	conn  net.Conn
	raw   syscall.RawConn
	tls   bool
	inode uint64 // of the socket, see inode(7)

	holder   atomic.Int64  // number of the user who has it, plus 1; 0 if nobody
	handouts atomic.Uint64 // how many users it has had
	parked   atomic.Int64  // when it was put, since the start; 0 if it was not
	owed     atomic.Bool   // a user gave it up before the answer to its request, see afterTimeout

	// For CheckAges alone: its looks, and of these, those since which the connection
	// was parked at idleFrom.
	looks, idleLooks int
	idleFrom         int64
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
	if s.raw != nil {
		_ = s.raw.Control(func(fd uintptr) {
			var stat unix.Stat_t
			if unix.Fstat(int(fd), &stat) == nil {
				s.inode = stat.Ino
			}
		})
	}
	return s
}

// closed reports whether the connection is closed here.
func (s *seen) closed() bool {
	return s.raw == nil || s.raw.Control(func(uintptr) {}) != nil
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

// idleSince returns when the connection was put, since the start, and 0 if
// somebody has it or it is closed.
func (s *seen) idleSince() time.Duration {
	parked := time.Duration(s.parked.Load())
	if parked == 0 || s.holder.Load() != 0 || s.closed() {
		return 0
	}
	return parked
}

// place is where connections that may be had for each other are parked: the
// one of a ConnResource, or those of a Pool to one address.
type place struct {
	lock  sync.Mutex
	conns []*seen // that were handed out and are not known to be closed
}

// see returns what is known of a connection that was just handed out, and
// forgets those that are closed.
func (p *place) see(conn net.Conn) *seen {
	p.lock.Lock()
	defer p.lock.Unlock()
	var found *seen
	p.conns = slices.DeleteFunc(p.conns, func(s *seen) bool {
		if s.conn == conn {
			found = s
		}
		return s.conn != conn && s.closed()
	})
	if found == nil {
		found = newSeen(conn)
		p.conns = append(p.conns, found)
	}
	return found
}

// all appends the connections to some.
func (p *place) all(some []*seen) []*seen {
	p.lock.Lock()
	defer p.lock.Unlock()
	return append(some, p.conns...)
}

// sight is a parked connection that was dead when a user looked.
type sight struct {
	of       *seen
	handouts uint64
}

// observe returns which of the parked connections are dead. What it sees
// counts only if nobody gets the connection before the observer does: then one
// that was dead has stayed so, for nobody read from it.
func (u *user) observe(p *place) []sight {
	u.conns, u.sights = p.all(u.conns[:0]), u.sights[:0]
	for _, s := range u.conns {
		o := sight{s, s.handouts.Load()}
		if s.holder.Load() == 0 && s.dead() {
			u.sights = append(u.sights, o)
		}
	}
	clear(u.conns)
	return u.sights
}

// handout is what the checks make of a connection that a Get returned.
type handout struct {
	reused   bool // seen before
	stale    bool // dead before the Get began
	replaced int  // so many others were, and are closed by now
	dead     bool // dead by now
}

// handedOut notes that a Get, before which its user saw before, returned the
// connection. Its holder is marked before that.
func (s *seen) handedOut(before []sight) handout {
	n := s.handouts.Add(1)
	h := handout{reused: n > 1, dead: n > 1 && s.dead()}
	for _, o := range before {
		switch {
		case o.of == s:
			h.stale = o.handouts+1 == n
		case o.of.closed():
			h.replaced++
		}
	}
	return h
}
