//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package sysnet

import "net"

// Probe calls every connection alive: this package does not know how to ask
// this system.
type Probe struct{}

// NewProbe returns nil, the probe that calls everything alive.
func NewProbe(net.Conn) *Probe { return nil }

// Guard does nothing.
func (p *Probe) Guard(Undoer) {}

// Alive returns true.
func (p *Probe) Alive() bool { return true }

func (p *Probe) readyToClose(bool) {}
