package sched

import "time"

// epoch is when each run begins. It is later than what a package notes when the process
// starts, so that no time is negative.
var epoch = time.Now().Add(time.Hour)

// clock is the time of a run since epoch.
type clock struct {
	now   time.Duration
	moves bool
	obj   Obj
}

// Now is the time of the run, or outside of one the real time.
func Now() time.Time {
	r := active
	if r == nil {
		return time.Now()
	}
	if r.clock.moves { // else a look at it is like any other
		r.point("clock")
		r.did(&r.clock.obj, false)
	}
	return epoch.Add(r.clock.now)
}

// ClockMoves says that the scenario calls Advance, so that looks at the clock are
// choice points.
func (t *Test) ClockMoves() { t.r.clock.moves = true }

// Advance moves the clock of the run.
func Advance(d time.Duration) {
	r := active
	if !r.clock.moves {
		panic("sched: Advance without ClockMoves")
	}
	r.point("Advance")
	r.clock.now += d
	r.did(&r.clock.obj, true)
}
