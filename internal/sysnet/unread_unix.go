//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sysnet

import (
	"bytes"

	"golang.org/x/sys/unix"
)

// unread judges what lies unread in the socket below a wrapper. It may be the
// wrapper's own, such as a TLS session ticket, which comes right after the
// handshake. Or it may be what the next user must not read: the answer to an
// earlier user, or the end of TLS. In TLS 1.3 all of them look alike. But a
// ticket lies there before anything was sent, or before anything was consumed.
type unread struct {
	never bool // nothing may lie unread
	start counts
	known bool // start is

	// What lay unread when last it could be nothing but the wrapper's own.
	size int
	head [16]byte
}

// counts are of a whole connection: of bytes that somebody has read, and that
// somebody has written.
type counts struct{ consumed, written uint64 }

// remember takes down how things stand after the handshake.
func (u *unread) remember(fd uintptr) {
	u.start, u.known = countsOf(fd)
	u.look(fd)
}

func (u *unread) look(fd uintptr) {
	u.size = pending(fd)
	u.head = [16]byte{}
	peekAt(fd, u.head[:])
}

// harmless reports whether what lies unread leaves the connection fit for use.
//
// If it is what lay there before, all is as it was. If not, bytes have come
// since, and if anything was written they may answer it: so a ticket that comes
// later than the first request, and is still unread at the next use, costs a
// connection. If anything was consumed since the handshake, the ticket was the
// first of it.
func (u *unread) harmless(fd uintptr) bool {
	if u.never || hungUp(fd) || endsTLS(fd) {
		return false
	}
	now, ok := countsOf(fd)
	ok = ok && u.known
	if ok && now.consumed != u.start.consumed {
		return false
	}
	before := *u
	u.look(fd)
	if u.size == before.size && u.head == before.head || ok && now.written == u.start.written {
		return true
	}
	*u = before
	return false
}

// pending wraps FIONREAD: how many bytes lie unread.
func pending(fd uintptr) int {
	n, err := unix.IoctlGetInt(int(fd), fionread)
	if err != nil {
		return 0
	}
	return n
}

// The outside of a TLS record; see RFC 8446, 5.1 and 5.2. A ticket of TLS 1.3
// has 18 bytes at least, and then one for its type and a tag of 16. An alert has 2.
const (
	recordHeader = 5
	recordAlert  = 21 // in clear: TLS 1.2 or older
	recordOpaque = 23
	leastTicket  = 18 + 1 + 16
	alertLength  = 2 + 1 + 16
	mostTickets  = 4096 // bytes that are looked at
)

// endsTLS looks for records that are too short for tickets: above all the
// close_notify of a peer that then keeps its socket open. The first byte may lie
// within a record of which the wrapper has taken the beginning.
func endsTLS(fd uintptr) bool {
	var buf [mostTickets]byte
	b := buf[:peekAt(fd, buf[:])]
	if len(b) == len(buf) && pending(fd) > len(b) {
		return isRecord(b) // TLS, and more than tickets come to
	}
	alert := [recordHeader]byte{recordOpaque, 3, 3, 0, alertLength}
	if n := len(b) - len(alert) - alertLength; n >= 0 && bytes.HasPrefix(b[n:], alert[:]) {
		return true // whatever came before
	}
	for isRecord(b) {
		length := int(b[3])<<8 | int(b[4])
		if b[0] == recordAlert || length < leastTicket {
			return true
		}
		b = b[min(recordHeader+length, len(b)):]
	}
	return false
}

func isRecord(b []byte) bool {
	return len(b) >= recordHeader && (b[0] == recordOpaque || b[0] == recordAlert) && b[1] == 3 && b[2] <= 4
}
