//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package sysnet

import (
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	fionread = 0x4004667f // FIONREAD of sys/filio.h, which package unix lacks for some of these systems

	askFor = unix.POLLIN
	gone   = unix.POLLHUP | unix.POLLERR | unix.POLLNVAL
)

// peek wraps recv(2) of one byte with MSG_PEEK and MSG_DONTWAIT.
func (p *Probe) peek(fd uintptr) (int, syscall.Errno) {
	var b [1]byte
	for {
		n, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		if err != unix.EINTR {
			errno, _ := err.(syscall.Errno)
			return n, errno
		}
	}
}

// peekAt is peek for more than a byte.
func peekAt(fd uintptr, b []byte) int {
	n, _, err := unix.Recvfrom(int(fd), b, unix.MSG_PEEK|unix.MSG_DONTWAIT)
	if err != nil {
		return 0
	}
	return n
}

// countsOf tells nothing here.
func countsOf(uintptr) (c counts, ok bool) { return c, false }

func discard(uintptr) {}
