package sysnet

import (
	"context"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Dialer returns a dialer whose TCP connections notice a dead peer within
// about a minute. timeout is for the whole Dial, in which there may be several
// connects; 0 or less leaves it to the system.
//
// The socket options are set before connect(2), so that they are in force
// from the first packet on. See tcp(7) for what they do.
func Dialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{
		Timeout:        max(timeout, 0),
		KeepAlive:      -1, // tune does it
		ControlContext: tune,
	}
}

func tune(_ context.Context, network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var err error
	if e := c.Control(func(fd uintptr) { err = setDeadPeerOptions(int(fd)) }); e != nil {
		return e
	}
	return err
}

// setDeadPeerOptions wraps setsockopt(2). An option that this kernel (or what
// stands in for one, such as a sandbox) does not know is left out: the
// connection works without.
func setDeadPeerOptions(fd int) error {
	for _, o := range [...]struct{ level, option, value int }{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, int(KeepAliveIdle / time.Second)},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, int(KeepAliveInterval / time.Second)},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, KeepAliveCount},
		{unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(UserTimeout / time.Millisecond)},
	} {
		err := unix.SetsockoptInt(fd, o.level, o.option, o.value)
		if err != nil && err != unix.ENOPROTOOPT && err != unix.EOPNOTSUPP {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	return nil
}
