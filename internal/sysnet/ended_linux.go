package sysnet

import (
	"slices"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ended reports whether the peer has closed the connection, or broken it off, and whether it
// was quiet for d: neither end has sent a byte for so long. All that the peer will ever send
// lies here then, and must be no more than most bytes. What was sent to a peer that has
// closed must have come there. One call at a time; false if it cannot be told, as with
// anything but TCP.
func (p *Probe) Ended(d time.Duration, most int) (ended, broken bool) {
	if p == nil {
		return false, false
	}
	err := p.raw.Control(func(fd uintptr) {
		var info unix.TCPInfo
		q, ok := snapshot(fd, &info)
		ended = ok && (info.State == tcpCloseWait && q.out == 0 || info.State == tcpClose) && q.in <= most &&
			min(since(info.Last_data_sent), since(info.Last_data_recv)) >= d
		broken = ended && failed(fd)
	})
	return err == nil && ended, broken
}

// failed wraps poll(2): whether there is an error that nobody has been told.
func failed(fd uintptr) bool {
	fds := [1]unix.PollFd{{Fd: int32(fd)}}
	for {
		_, err := unix.Poll(fds[:], 0)
		if err == unix.EINTR {
			continue
		}
		return err != nil || fds[0].Revents&unix.POLLERR != 0
	}
}

// TakeUnread reads what lies unread, and does not wait for more. Other readers may take some
// of it meanwhile. Ask only of a connection that has Ended.
func (p *Probe) TakeUnread() (unread []byte) {
	const least = 64
	_ = p.raw.Control(func(fd uintptr) { // fails only if it was closed here
		for {
			unread = slices.Grow(unread, max(pending(fd), least)) // what is pending ends at an urgent byte
			room := unread[len(unread):cap(unread)]
			n, _, err := syscall.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(room))),
				uintptr(len(room)), unix.MSG_DONTWAIT, 0, 0)
			if err == unix.EINTR {
				continue
			}
			if err != 0 || n == 0 {
				return
			}
			unread = unread[:len(unread)+int(n)]
		}
	})
	return unread
}

// The states of tcp_states.h.
const (
	tcpEstablished = 1 // TCP_ESTABLISHED
	tcpClose       = 7 // TCP_CLOSE: closed by both, reset, or given up
	tcpCloseWait   = 8 // TCP_CLOSE_WAIT: closed by the peer alone
)
