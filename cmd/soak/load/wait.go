//go:build linux

package load

import (
	"fmt"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
)

// wait is a call of the pool that has begun.
type wait struct {
	what  string
	site  *site
	since time.Time
}

// watched is a call that was under way at the last sample, and for how many.
type watched struct {
	wait    *wait
	samples int
}

// CheckWaits measures the age of a call in samples, not by the clock: one that
// went on while the whole process was stopped is not to blame.
func (l *Load) CheckWaits(interval, limit time.Duration) {
	if l.waits == nil {
		l.waits = make([]watched, len(l.users))
	}
	for i, u := range l.users {
		w := u.wait.Load()
		if w == nil || w != l.waits[i].wait {
			l.waits[i] = watched{wait: w}
			continue
		}
		l.waits[i].samples++
		if time.Duration(l.waits[i].samples)*interval > limit {
			l.accuse(u, w)
		}
	}
}

// AwaitUsers waits until all users have stopped, at most for patience, and
// names those that have not.
func (l *Load) AwaitUsers(patience time.Duration) {
	close(l.stopped)
	done := make(chan struct{})
	go func() { l.running.Wait(); close(done) }()
	select {
	case <-done:
		close(l.abandoned)
		return
	case <-time.After(patience):
	}
	for _, u := range l.users {
		if w := u.wait.Load(); w != nil {
			l.accuse(u, w)
		}
	}
	close(l.abandoned)
	select {
	case <-done:
	case <-time.After(time.Second):
		l.Ledger.Trouble(fmt.Errorf("users did not stop: what follows may come of that"))
	}
}

// accuse reports that a call of u does not end.
func (l *Load) accuse(u *user, w *wait) {
	s := l.Pool.Stats()
	l.Ledger.Fail(check.LostWakeup,
		"user %d has waited %v in %s of %v; of %d slots %d are in use, %d idle, %d releasing; %d Gets wait",
		u.id, time.Since(w.since).Round(time.Millisecond), w.what, w.site, s.Max, s.InUse, s.Idle, s.Releasing, s.Waiting)
}
