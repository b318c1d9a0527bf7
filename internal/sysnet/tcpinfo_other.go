//go:build !linux

package sysnet

import "time"

// Quiet returns false: it cannot be told here.
func (p *Probe) Quiet(time.Duration, bool) bool { return false }

// Ended returns false: it cannot be told here.
func (p *Probe) Ended(time.Duration, int) (ended, broken bool) { return false, false }

// TakeUnread takes nothing.
func (p *Probe) TakeUnread() []byte { return nil }
