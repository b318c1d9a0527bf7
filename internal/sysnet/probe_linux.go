package sysnet

import (
	"net"
	"syscall"
	"unsafe"

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
}

// NewProbe returns a probe for conn, reaching through wrappers that have a
// NetConn method. It returns nil, the probe that calls everything alive, if
// conn shows no socket.
func NewProbe(conn net.Conn) *Probe {
	raw, wrapped := socketOf(conn)
	if raw == nil {
		return nil
	}
	p := &Probe{raw: raw}
	p.ask = func(fd uintptr) {
		n, err := p.peek(fd)
		p.alive = err == unix.EAGAIN || err == unix.ENOTSOCK || // nothing to read, or nothing to ask
			wrapped && n > 0 && err == 0 && !hungUp(fd)
	}
	return p
}

// Alive reports whether the connection may still be used: the peer has not
// closed, half-closed or reset it, and nobody has closed it here. A plain
// connection with unread data is not alive, for a parked one has no answer
// to expect. A wrapped one may have unread data, such as a TLS session ticket.
// One call at a time; no reader or deadline of conn is disturbed.
func (p *Probe) Alive() bool {
	return p == nil || p.raw.Control(p.ask) == nil && p.alive // Control fails if it was closed here
}

// peek wraps recv(2) of one byte with MSG_PEEK and MSG_DONTWAIT. It makes the
// system call itself as unix.Recvfrom allocates for an address, a raw one as it
// cannot block, and that of package syscall as that of unix jumps there. Each
// return of a function costs more than usual once the kernel has run.
func (p *Probe) peek(fd uintptr) (n uintptr, err syscall.Errno) {
	for {
		n, _, err = syscall.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&p.scratch)), 1,
			unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// hungUp wraps poll(2). A peer that closed or reset the connection shows as
// RDHUP, HUP or ERR, however much unread data there is. If poll cannot tell,
// the connection counts as hung up.
func hungUp(fd uintptr) bool {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLRDHUP}}
	for {
		_, err := unix.Poll(fds[:], 0)
		if err == unix.EINTR {
			continue
		}
		const gone = unix.POLLRDHUP | unix.POLLHUP | unix.POLLERR | unix.POLLNVAL
		return err != nil || fds[0].Revents&gone != 0
	}
}

// netConner is how a wrapper, such as tls.Conn, shows what it wraps.
type netConner interface{ NetConn() net.Conn }

// socketOf walks from a connection to the socket below it, through at most
// maxUnwrap wrappers. raw is nil if there is no socket to be found. wrapped
// says that there was a wrapper, which may owe the socket a read of its own.
func socketOf(conn net.Conn) (raw syscall.RawConn, wrapped bool) {
	for range maxUnwrap {
		if c, ok := conn.(syscall.Conn); ok {
			raw, err := c.SyscallConn()
			if err != nil {
				return nil, wrapped
			}
			return raw, wrapped
		}
		c, ok := conn.(netConner)
		if !ok {
			return nil, wrapped
		}
		conn, wrapped = c.NetConn(), true
	}
	return nil, wrapped
}
