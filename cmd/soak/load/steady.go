//go:build linux

package load

import (
	"math"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/wire"
)

// Steady users hold a connection of their own for seconds at a time. With them
// a pool of many slots is as full as one of few, at a rate that one machine can
// serve. How many of them hold one at once goes up and down.
const (
	leastHold    = 500 * time.Millisecond
	mostHold     = 2500 * time.Millisecond
	steadyPeriod = 40 * time.Second
	steadyPause  = 100 * time.Millisecond // after a Get that failed
	steadyFrame  = 1024                   // the largest request
)

// leftOver is how many slots steady users leave to the others.
const leftOver = 64

// SteadyUsers is how many there are beside a pool of that many slots: none if
// it is small, as the others then fill it.
func SteadyUsers(slots int) int {
	if slots < 4*leftOver {
		return 0
	}
	return slots - leftOver
}

// holding is the part of the time for which steady users hold a connection.
func holding(elapsed time.Duration) float64 {
	return 0.75 + 0.25*math.Sin(2*math.Pi*elapsed.Seconds()/steadyPeriod.Seconds())
}

// steadyTask makes a steady user's task of any.
func steadyTask(t task) task {
	t.Hold = leastHold + time.Duration(t.Pace*float64(mostHold-leastHold))
	t.Requests = 2
	t.Size = min(t.Size, steadyFrame)
	if t.Finish == finishPutTwice { // others may have the connection by then
		t.Finish = finishPut
	}
	return t
}

// steadyTurn is one task of a steady user, and the pause after it.
func (u *user) steadyTurn(t task) bool {
	t = steadyTask(t)
	if u.turns == 1 && !u.sleep(time.Duration(t.Even*float64(mostHold))) {
		return false // else they all dial at once
	}
	served := u.visit(u.private, t)
	part := holding(time.Since(u.load.Started))
	gap := time.Duration(float64(t.Hold) * (1 - part) / part)
	if !served {
		gap = max(gap, steadyPause)
	}
	return u.sleep(gap)
}

// buffers makes room for the largest request of the user.
func (u *user) buffers() {
	size := wire.MaxFrame
	if u.steady {
		size = steadyFrame
	}
	u.request, u.scratch = make([]byte, 0, size), make([]byte, size)
}

// gauges is how many users see to it that healthy hosts are compared, whatever the
// rate: they are busy while there are dead hosts or no faults, and no longer.
const (
	gauges     = 4
	gaugePause = 10 * time.Millisecond
	gaugeHold  = 2 * time.Millisecond
)

// gaugeTurn is one task of a gauge, and the pause after it.
func (u *user) gaugeTurn(t task) bool {
	l := u.load
	if Phase(l.Phase.Load()) != PhaseOther && l.inject != check.InjectAges { // they would use all that are idle
		t.Get, t.Requests, t.Size = getWaits, 1, min(t.Size, steadyFrame)
		t.Hold = min(t.Hold, gaugeHold)
		if t.Finish == finishPutTwice {
			t.Finish = finishPut
		}
		u.visit(l.Sites[l.chooser.pick(selectMixed, t)], t)
	}
	return u.sleep(gaugePause)
}
