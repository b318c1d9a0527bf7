//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sysnet

import "golang.org/x/sys/unix"

// readyToClose sees to it that a Close neither lingers nor resets. With
// silent, the Close writes nothing. Errors do not matter: the Close follows.
func (p *Probe) readyToClose(silent bool) {
	switch {
	case p == nil:
	case silent:
		_ = p.raw.Control(loosen)
	default:
		_ = p.raw.Control(loosenWriter)
	}
}

// noLinger is what a socket has that nobody has set SO_LINGER on; see socket(7).
var noLinger unix.Linger

func loosen(fd uintptr) {
	_ = unix.SetsockoptLinger(int(fd), unix.SOL_SOCKET, unix.SO_LINGER, &noLinger)
	discard(fd)
}

func loosenWriter(fd uintptr) {
	loosen(fd)
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	if n, err := unix.Poll(fds[:], 0); err == nil && n == 0 {
		_ = unix.Shutdown(int(fd), unix.SHUT_WR)
	}
}
