package slothttp

import (
	"math/rand/v2"
	"time"
)

// rest notes that the connection is idle from now on.
func (l *link) rest() {
	l.parkedAt.Store(time.Now().UnixNano())
	if l.timer != nil && l.armed.CompareAndSwap(false, true) {
		l.timer.Reset(l.origin.state.idle)
	}
}

func (l *link) startTimers() {
	s := l.origin.state
	l.parkedAt.Store(time.Now().UnixNano())
	l.mu.Lock() // for the timers' functions, which may run at once
	defer l.mu.Unlock()
	if s.idle > 0 {
		l.armed.Store(true)
		l.timer = time.AfterFunc(s.idle, l.idled)
	}
	if s.age > 0 {
		l.aging = time.AfterFunc(s.age-rand.N(s.age/10+1), l.aged)
	}
}

// idled is the end of the idle time-out, which runs on while the connection is
// in use. A connection that was parked since it began has some of it left.
func (l *link) idled() {
	l.armed.Store(false) // before the look at held: park arms what it finds unarmed
	l.mu.Lock()
	held := l.held
	l.mu.Unlock()
	if held {
		return
	}
	left := l.origin.state.idle - time.Since(time.Unix(0, l.parkedAt.Load()))
	if left > 0 {
		if l.armed.CompareAndSwap(false, true) {
			l.timer.Reset(left)
		}
		return
	}
	if r := l.resource.Load(); r != nil {
		r.ReleaseIdleGeneration(l.generation)
		return
	}
	l.doomed.Store(true)
	l.search()
}

// aged is the end of the connection's lifetime: now, or at its park.
func (l *link) aged() {
	l.doomed.Store(true)
	l.origin.retire(l)
	if r := l.resource.Load(); r != nil {
		r.ScheduleGeneration(l.generation)
		return
	}
	l.search()
}
