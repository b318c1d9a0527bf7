package evict

import (
	"sync/atomic"
	"time"
)

// Clock tells the time by which Allocates are measured.
type Clock func() time.Duration

var (
	began  = time.Now()
	forced atomic.Pointer[Clock]
)

// NewClock returns the monotonic clock, or what ForceClock has put in its
// place. Since a fixed moment: time.Now alone would ask two clocks.
func NewClock() Clock {
	if c := forced.Load(); c != nil {
		return *c
	}
	return nil
}

// Now reads the clock. The zero value is the monotonic one.
func (c Clock) Now() time.Duration {
	if c != nil {
		return c()
	}
	return time.Since(began)
}

// ForceClock makes the pools that are made until restore is called measure by
// c: for traces whose Allocates only pretend to take time.
func ForceClock(c Clock) (restore func()) {
	before := forced.Swap(&c)
	return func() { forced.Store(before) }
}
