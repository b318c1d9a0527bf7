package connpool

import (
	"fmt"
	"time"
)

// Backoff makes a Pool leave an address alone for some time after a failed dial.
// Until that time is over, a Get that would have to dial fails at once with a
// *BackoffError. An idle connection is still handed out. A successful dial ends the
// back-off.
//
// After the nth failure in a row the time is Base times Factor to the power of n-1,
// but at most Max, and then longer or shorter by up to Jitter. Dials that ran at
// the same time count as one failure. A failure is forgotten when the same time has
// passed once more after BackoffError.Next. A Pool remembers at most 1024 failures,
// and one more for every two slots.
type Backoff struct {
	// Base is the time after the first failure. 0: 1 s. Max is the longest time. 0: 120 s,
	// or Base if that is longer.
	Base, Max time.Duration

	// Factor says how many times as long each time is as the one before, 1 or more. 0: 1.6.
	Factor float64

	// Jitter is the part of a time by which it is made longer or shorter at random,
	// 1 at most. 0: 0.2. Negative: none.
	Jitter float64
}

// BackoffError is the error of a Get that had to dial and was not allowed to yet.
type BackoffError struct {
	Network, Address string
	Next             time.Time // when a Get may dial again
	Err              error     // of the last dial
}

// Error names the address, the time when a Get may dial again, and the error of the
// last dial.
func (e *BackoffError) Error() string {
	return fmt.Sprintf("connpool: %s %s is left alone until %s after a failed dial: %v",
		e.Network, e.Address, e.Next.Format(time.RFC3339Nano), e.Err)
}

// Unwrap returns the error of the last dial.
func (e *BackoffError) Unwrap() error { return e.Err }

// Timeout returns false, also if the last dial timed out: this Get has not waited.
func (e *BackoffError) Timeout() bool { return false }

// Temporary returns true: a later Get may dial.
func (e *BackoffError) Temporary() bool { return true }

func (b *Backoff) withDefaults() *Backoff {
	if b == nil {
		return nil
	}
	d := *b
	if d.Base == 0 {
		d.Base = time.Second
	}
	if d.Max == 0 {
		d.Max = max(120*time.Second, d.Base)
	}
	if d.Factor == 0 {
		d.Factor = 1.6
	}
	if d.Jitter == 0 {
		d.Jitter = 0.2
	}
	d.Jitter = max(d.Jitter, 0)
	return &d
}

func (b *Backoff) check() error {
	if b == nil {
		return nil
	}
	var wrong error
	complain := func(bad bool, name string, value any, want string) {
		if bad {
			wrong = and(wrong, fmt.Errorf("connpool: Pool.Backoff.%s is %v, want %s", name, value, want))
		}
	}
	complain(b.Base < 0, "Base", b.Base, "0 or more")
	complain(b.Max < 0, "Max", b.Max, "0 or more")
	complain(b.Max > 0 && b.Max < b.withDefaults().Base, "Max", b.Max, "at least Base")
	complain(b.Factor != 0 && !(b.Factor >= 1), "Factor", b.Factor, "0 or at least 1") // also NaN
	complain(!(b.Jitter <= 1), "Jitter", b.Jitter, "at most 1")
	return wrong
}
