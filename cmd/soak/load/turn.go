//go:build linux

package load

import (
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/wire"
)

// user is one of those who use the pool, one connection at a time.
type user struct {
	load    *Load
	id      int
	tasks   TaskSource
	steady  bool  // holds its connections for long
	gauge   bool  // is there for the comparison of healthy hosts alone
	private *site // of a user who is not steady: for mistakes that the pool cannot tell from others' use
	dead    *site // nil if there are no dead hosts
	dueAt   time.Duration
	turns   uint64
	frames  uint64 // requests made
	timer   *time.Timer
	request []byte
	scratch []byte
	conns   []*seen // for observe
	sights  []sight
	wait    atomic.Pointer[wait] // the call under way; nil if there is none
}

// Start makes all users run until stop.
func (l *Load) Start() {
	for _, u := range l.users {
		l.spawn(u)
	}
}

// spawn runs a user. One who dies is replaced by one who goes on with the
// same tasks.
func (l *Load) spawn(u *user) {
	l.running.Add(1)
	go func() {
		died := true
		defer func() {
			if died {
				l.Tally.add(CountDied)
				l.spawn(u)
			}
			l.running.Done()
		}()
		u.timer = time.NewTimer(0)
		for u.turn() {
		}
		u.timer.Stop()
		died = false
	}()
}

// turn is one task from Get to Put. It is false when the user shall stop.
func (u *user) turn() bool {
	t := u.tasks.Next()
	u.turns++
	switch {
	case u.gauge:
		return u.gaugeTurn(t)
	case u.steady:
		return u.steadyTurn(t)
	}
	if !u.sleepUntilDue(t) {
		return false
	}
	s := u.choose(t)
	if s.passes {
		defer u.retire(s, t)
	}
	u.visit(s, t)
	return true
}

// choose returns the site of a task.
func (u *user) choose(t task) *site {
	l := u.load
	active := Faults(l.Active.Load())
	switch {
	case t.Finish == finishPutTwice:
		return u.private
	case active.has(FaultPassing) && t.SiteDice < passingShare:
		l.struck(FaultPassing)
		s := l.passing.next(l)
		s.passes = true
		return s
	case active.has(FaultDeadHosts) && t.SiteDice >= 1-deadShare:
		l.struck(FaultDeadHosts)
		return u.dead
	}
	return l.Sites[l.chooser.pick(*l.Selection.Load(), t)]
}

// retire gives up a site that passes. Half of them are closed at once, the
// others stay parked for a while.
func (u *user) retire(s *site, t task) {
	if t.Even < 0.5 {
		s.ScheduleClose()
	}
	u.load.passing.retire(s)
}

// visit gets the site's connection, does the task with it and gives it up. It
// is false if the Get failed.
func (u *user) visit(s *site, t task) bool {
	defer func() {
		if p := recover(); p != nil {
			u.load.Ledger.Fail(check.Errors, "user %d: unexpected panic: %v\n%s", u.id, p, debug.Stack())
		}
	}()
	return s.way.visit(u, s, t)
}

func (u *user) sleepUntilDue(t task) bool {
	now := time.Since(u.load.Started)
	u.dueAt = u.load.pacer.next(u.dueAt, now, t.Pace)
	return u.sleep(u.dueAt - now)
}

// sleep is false if the user shall stop.
func (u *user) sleep(d time.Duration) bool {
	u.timer.Reset(d)
	select {
	case <-u.load.stopped:
		return false
	case <-u.timer.C:
	}
	select {
	case <-u.load.stopped:
		return false
	default:
		return true
	}
}

func (u *user) fill(s *site, size int) {
	u.request = u.request[:size]
	u.frames++
	wire.FillFrame(u.request, uint32(u.id), uint32(s.index), u.frames)
}
