package shard

import (
	"runtime"
	"time"
)

// Turns lets a long walk give its processor to others between its steps. Each walk has
// its own. It is useful as a zero value.
//
// A goroutine that never rests keeps the processor for ten milliseconds each time. If a walk
// gave way after each step, it would take that long for each. So it gives way once it
// has run for as long as it waited the last time, and takes twice its time at worst.
type Turns struct {
	back time.Time     // when it last had the processor back
	owed time.Duration // how long it may run since
}

// Pass gives way if it is time.
func (t *Turns) Pass() { t.pass(time.Now, runtime.Gosched) }

func (t *Turns) pass(now func() time.Time, giveWay func()) {
	left := now()
	if left.Sub(t.back) < t.owed {
		return
	}
	giveWay()
	t.back = now()
	t.owed = t.back.Sub(left)
}
