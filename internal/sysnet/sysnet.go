// Package sysnet is where slotpool asks the kernel: how many descriptors the
// process may have and has, how a new connection shall find out that its peer
// is gone, and whether a parked connection is still alive. All use of
// golang.org/x/sys/unix is here. On systems without an answer the functions
// say so in the way their comments state, and every package still builds.
package sysnet

import "time"

// How fast a connection of Dialer notices a dead peer. With nothing in flight
// the first probe goes out after KeepAliveIdle and the connection fails
// KeepAliveCount unanswered probes later, KeepAliveInterval apart. With unsent
// or unacknowledged data it fails after UserTimeout. Both come to 60 s.
const (
	KeepAliveIdle     = 15 * time.Second
	KeepAliveInterval = 15 * time.Second
	KeepAliveCount    = 3
	UserTimeout       = KeepAliveIdle + KeepAliveCount*KeepAliveInterval
)
