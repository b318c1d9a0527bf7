//go:build !linux

package sysnet

import (
	"net"
	"time"
)

// Dialer returns a dialer whose TCP connections notice a dead peer within
// about a minute if nothing is in flight, where the system knows how. timeout
// is for the whole Dial; 0 or less leaves it to the system.
func Dialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{
		Timeout: max(timeout, 0),
		KeepAliveConfig: net.KeepAliveConfig{
			Enable:   true,
			Idle:     KeepAliveIdle,
			Interval: KeepAliveInterval,
			Count:    KeepAliveCount,
		},
	}
}
