//go:build !linux

package sysnet

import "time"

// Quiet returns false: it cannot be told here.
func (p *Probe) Quiet(time.Duration, bool) bool { return false }
