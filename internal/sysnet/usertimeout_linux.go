package sysnet

import (
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// setUserTimeout sets TCP_USER_TIMEOUT, how long sent data may stay
// unacknowledged before the connection fails: without it, a write to a peer
// that is gone can hang for a quarter of an hour. It wraps setsockopt(2); see
// tcp(7). A kernel that does not know the option (or what stands in for one,
// such as a sandbox) is left to its ways.
func setUserTimeout(conn *net.TCPConn, d time.Duration) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var errno error
	err = raw.Control(func(fd uintptr) {
		errno = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d/time.Millisecond))
	})
	if err != nil {
		return err
	}
	if errno == unix.ENOPROTOOPT || errno == unix.EOPNOTSUPP {
		return nil
	}
	return os.NewSyscallError("setsockopt", errno)
}
