package connpool

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// ager looks at all connections of a pool from time to time, as long as there
// are some that can grow too old. A Get or Put has no part in it: whether a
// connection was used since the last look shows in the state word of its
// resource.
//
// Its timer is never stopped or set anew. One that was made inside a
// testing/synctest bubble, which may end before it fires, must not be touched
// from outside.
type ager struct {
	pool     *pool
	tick     time.Duration // between two looks at connections; 0: they never grow too old
	failures time.Duration // the same for what is remembered of failed dials
	mu       sync.Mutex
	due      time.Time // of the next look; zero: there is none to come
}

// age is what the ager knows of a connection.
type age struct {
	expires time.Time          // zero: never
	seen    resourcepool.Sight // at the last look
	idle    time.Time          // seen so since then; zero: in use at the last look
}

// How many looks fall into each time-out. A lifetime may be cut by a tenth, and
// a look that comes late must fit into that.
const (
	idleLooks     = 8
	lifetimeLooks = 32
	holdLooks     = 4
	failureLooks  = 4
	leastTick     = time.Millisecond
)

func (a *ager) init(p *pool) {
	a.pool = p
	s := &p.settings
	a.every(s.IdleTimeout, idleLooks)
	a.every(s.MaxLifetime, lifetimeLooks)
	a.every(s.HoldWarning, holdLooks)
	a.failures = untroubled / failureLooks
	if s.Backoff != nil {
		a.failures = max(s.Backoff.Base, leastTick)
	}
}

func (a *ager) every(timeout time.Duration, looks time.Duration) {
	if timeout == 0 {
		return
	}
	tick := max(timeout/looks, leastTick)
	if a.tick == 0 || tick < a.tick {
		a.tick = tick
	}
}

// begin is the age of a connection that was just made.
func (a *ager) begin() age {
	life := a.pool.settings.MaxLifetime
	if life == 0 {
		return age{}
	}
	cut := life/lifetimeLooks + rand.N(life/10-life/lifetimeLooks+1)
	return age{expires: time.Now().Add(life - cut)}
}

// arm sees to it that there will be a look within a tick; none for a tick of 0.
// A look that is overdue by as much will not come: its timer was that of a bubble.
func (a *ager) arm(tick time.Duration) {
	if tick == 0 {
		return
	}
	now := time.Now()
	due := now.Add(tick)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.due.IsZero() || due.Before(a.due) || now.After(a.due.Add(tick)) {
		a.due = due
		time.AfterFunc(tick, func() { a.look(due) })
	}
}

// look closes what is too old, unless an earlier look took its place. Who
// opens a connection meanwhile arms the timer anew, because due is cleared first.
func (a *ager) look(due time.Time) {
	a.mu.Lock()
	current := a.due.Equal(due)
	if current {
		a.due = time.Time{}
	}
	a.mu.Unlock()
	if !current {
		return
	}
	now, some := time.Now(), false
	if a.tick != 0 {
		for h := range a.pool.hosts.all {
			some = h.grow(now) || some
		}
	}
	if some {
		a.arm(a.tick)
	}
	if a.pool.hosts.forget(now) {
		a.arm(a.failures)
	}
}

// verdict is a member that is to be closed.
type verdict struct {
	m          *member
	generation uint32
	why        CloseReason
}

// mostGrown is how many connections are looked at in one hold of the lock.
const mostGrown = 32

// grow closes the connections that are too old and warns of those that were
// held too long. It reports whether there are connections.
func (h *host) grow(now time.Time) bool {
	var old []verdict
	var long []*holding
	h.mu.Lock()
	some := len(h.open) > 0
	// From the end, as who leaves gives its place to the last: so none is missed when the
	// lock is let go, and to meet one twice does no harm.
	for i := len(h.open) - 1; i >= 0; i = min(i, len(h.open)) - 1 {
		if (i+1)%mostGrown == 0 {
			h.mu.Unlock()
			h.mu.Lock()
			if i >= len(h.open) {
				continue
			}
		}
		m := h.open[i]
		if why := m.tooOld(now); why != 0 {
			old = append(old, verdict{m, m.generation, why})
		}
		if held := m.held.Load(); held != nil && held.tooLong(now) {
			long = append(long, held)
		}
	}
	h.mu.Unlock()
	for _, v := range old {
		if v.why == ClosedIdle {
			v.m.closeIdle(v.generation, v.why)
		} else {
			v.m.schedule(v.generation, v.why)
		}
	}
	for _, held := range long {
		h.pool.settings.warnHeld(held, now)
	}
	return some
}

// tooOld returns 0 or why the connection is to be closed. host.mu is held.
func (m *member) tooOld(now time.Time) CloseReason {
	a, s := &m.age, &m.host.pool.settings
	if !a.expires.IsZero() && !now.Before(a.expires) {
		return ClosedLifetime
	}
	if s.IdleTimeout == 0 {
		return 0
	}
	seen := m.slot.Seen()
	switch {
	case seen.InUse:
		a.idle = time.Time{}
	case !seen.Idle:
		// A victim, which may be called off: it is idle again then, without a use. If it is
		// not, what is dialled next has an age of its own.
		return 0
	case a.idle.IsZero() || seen != a.seen:
		a.idle = now
	case now.Sub(a.idle) >= s.IdleTimeout:
		return ClosedIdle
	}
	a.seen = seen
	return 0
}
