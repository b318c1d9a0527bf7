//go:build linux

package load

import (
	"math"
	"time"
)

// pacer is the load over time: a wave around rate requests a second for all
// users together. It is a pure function of the time since the start.
type pacer struct {
	rate   float64       // requests a second, on average
	swing  float64       // part of rate by which the wave goes up and down, below 1
	period time.Duration // of the wave
	users  int
}

// rateAt returns the requests a second that are wanted at elapsed.
func (p pacer) rateAt(elapsed time.Duration) float64 {
	if p.period <= 0 {
		return p.rate
	}
	turn := 2 * math.Pi * elapsed.Seconds() / p.period.Seconds()
	return p.rate * (1 + p.swing*math.Sin(turn))
}

// next returns when a user whose last request was due at last makes its next
// one. Intervals vary evenly between 0 and twice the mean, by dice in [0,1).
// A user who is late does not catch up: it goes on at once, from now.
func (p pacer) next(last, now time.Duration, dice float64) time.Duration {
	mean := float64(p.users) / p.rateAt(last)
	due := last + time.Duration(2*dice*mean*float64(time.Second))
	return max(due, now)
}
