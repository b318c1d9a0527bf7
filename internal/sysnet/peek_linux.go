package sysnet

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	fionread = unix.SIOCINQ

	askFor = unix.POLLIN | unix.POLLRDHUP
	gone   = unix.POLLRDHUP | unix.POLLHUP | unix.POLLERR | unix.POLLNVAL
)

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

// peekAt is peek for more than a byte.
func peekAt(fd uintptr, b []byte) int {
	for {
		n, _, err := syscall.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
			unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0)
		switch err {
		case 0:
			return int(n)
		case unix.EINTR:
		default:
			return 0
		}
	}
}

// discard wraps recv(2) with MSG_TRUNC, which for TCP drops what was received
// without copying it; see tcp(7). It drops at most a few MB.
func discard(fd uintptr) {
	const piece, pieces = 1 << 20, 8
	for range pieces {
		n, _, err := syscall.RawSyscall6(unix.SYS_RECVFROM, fd, 0, piece, unix.MSG_TRUNC|unix.MSG_DONTWAIT, 0, 0)
		if err != 0 || n == 0 {
			return
		}
	}
}
