// Package time has what the packages under test use of package time. In a run of package
// sched the time is that of the run, which stands still unless it is moved.
package time

import (
	"time"

	"github.com/slotpool/slotpool/proof/sched"
)

type (
	// Duration is time.Duration.
	Duration = time.Duration
	// Time is time.Time.
	Time = time.Time
)

const (
	// Nanosecond is time.Nanosecond; and so on.
	Nanosecond  = time.Nanosecond
	Microsecond = time.Microsecond
	Millisecond = time.Millisecond
	Second      = time.Second
	Minute      = time.Minute
	Hour        = time.Hour
)

// Now is time.Now.
func Now() Time { return sched.Now() }

// Since is time.Since.
func Since(t Time) Duration { return sched.Now().Sub(t) }

// Sleep is time.Sleep, outside of a run.
func Sleep(d Duration) { time.Sleep(d) }

// Timer is time.Timer. One that is made in a run never fires.
type Timer struct {
	C    <-chan Time
	real *time.Timer
}

// NewTimer is time.NewTimer.
func NewTimer(d Duration) *Timer {
	if sched.Running() {
		return &Timer{}
	}
	t := time.NewTimer(d)
	return &Timer{C: t.C, real: t}
}

// AfterFunc is time.AfterFunc.
func AfterFunc(d Duration, f func()) *Timer {
	if sched.Running() {
		return &Timer{}
	}
	return &Timer{real: time.AfterFunc(d, f)}
}

// Reset is Timer.Reset.
func (t *Timer) Reset(d Duration) bool { return t.real != nil && t.real.Reset(d) }

// Stop is Timer.Stop.
func (t *Timer) Stop() bool { return t.real == nil || t.real.Stop() }
