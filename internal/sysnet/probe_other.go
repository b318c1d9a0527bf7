//go:build !linux

package sysnet

import "net"

// Probe calls every connection alive: only on Linux does this package know
// how to ask.
type Probe struct{}

// NewProbe returns nil, the probe that calls everything alive.
func NewProbe(net.Conn) *Probe { return nil }

// Alive returns true.
func (p *Probe) Alive() bool { return true }
