package sysnet

import (
	"net"
	"time"
)

// KeepAliveDialer makes connections that notice a dead peer. Make it with
// Dialer.
type KeepAliveDialer struct{ dialer net.Dialer }

// Dialer returns a dialer whose TCP connections notice within about a minute
// that their peer is gone, where the system can do that (see KeepAliveIdle).
// timeout is for the whole Dial, in which there may be several connects; 0 or
// less leaves it to the system.
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
	conn, err := d.dialer.Dial(network, address)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		if err := setUserTimeout(tcp, UserTimeout); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return conn, nil
}
