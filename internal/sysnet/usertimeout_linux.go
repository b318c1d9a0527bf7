package sysnet

import (
	"math"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// SetUserTimeout sets TCP_USER_TIMEOUT, how long sent data may stay
// unacknowledged before the connection fails: without it, a write to a peer
// that is gone can hang for a quarter of an hour. It counts in milliseconds, so
// the rest of one is rounded up, and at most to 24 days; 0 is the system's own.
// It wraps setsockopt(2); see tcp(7). A kernel that does not know the option (or
// what stands in for one, such as a sandbox) is left to its ways.
func SetUserTimeout(raw syscall.RawConn, d time.Duration) error {
	ms := min((d+time.Millisecond-1)/time.Millisecond, math.MaxInt32)
	if d > math.MaxInt64-time.Millisecond {
		ms = math.MaxInt32
	}
	var errno error
	err := raw.Control(func(fd uintptr) {
		errno = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(ms))
	})
	if err != nil {
		return err
	}
	if errno == unix.ENOPROTOOPT || errno == unix.EOPNOTSUPP {
		return nil
	}
	return os.NewSyscallError("setsockopt", errno)
}
