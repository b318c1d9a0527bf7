package sysnet

import (
	"context"
	"net"
	"syscall"
	"time"
)

// KeepAliveDialer makes connections that notice a dead peer. Make it with
// Dialer.
type KeepAliveDialer struct{ dialer net.Dialer }

// Dialer returns a dialer whose TCP connections notice within about a minute
// that their peer is gone, where the system can do that (see KeepAliveIdle).
// timeout is for the whole Dial, in which there may be several connects. With 0 or
// less only the system limits it.
func Dialer(timeout time.Duration) *KeepAliveDialer {
	return &KeepAliveDialer{net.Dialer{
		Timeout: max(timeout, 0),
		KeepAliveConfig: net.KeepAliveConfig{
			Enable:   true,
			Idle:     KeepAliveIdle,
			Interval: KeepAliveInterval,
			Count:    KeepAliveCount,
		},
	}}
}

// Dial is that of net.Dialer. It may be called concurrently.
func (d *KeepAliveDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext is that of net.Dialer. It may be called concurrently.
//
// TCP_USER_TIMEOUT is set when the connection is there. Set before, it would
// also limit the connect, which is for the caller's timeout or the system to do.
func (d *KeepAliveDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		if err := setUserTimeoutOf(tcp, UserTimeout); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return conn, nil
}

func setUserTimeoutOf(conn *net.TCPConn, d time.Duration) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	return SetUserTimeout(raw, d)
}

// UserTimeoutControl returns a net.Dialer.Control that calls SetUserTimeout for
// TCP.
func UserTimeoutControl(d time.Duration) func(network, address string, c syscall.RawConn) error {
	return func(network, _ string, c syscall.RawConn) error {
		switch network {
		case "tcp", "tcp4", "tcp6":
			return SetUserTimeout(c, d)
		}
		return nil
	}
}
