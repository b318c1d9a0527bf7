//go:build linux

package main

import (
	"crypto/tls"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// load is the users and what they share.
type load struct {
	pool    *resourcepool.Pool
	sites   []*site
	tls     *tls.Config
	ledger  *ledger
	pacer   pacer
	chooser *chooser
	inject  injection
	started time.Time

	tally     tally
	struckBy  [faultCount]atomic.Uint64
	active    atomic.Uint64 // faultBits of the faults that users and dialers make
	selection atomic.Pointer[selection]
	injected  atomic.Int64

	gets, dials, requests *latency

	users     []*user
	running   sync.WaitGroup
	stopped   chan struct{} // closed when users shall finish their turn
	abandoned chan struct{} // closed when what does not end is given up
}

func (l *load) struck(id faultID)            { l.struckBy[id].Add(1) }
func (l *load) strikes(id faultID, n uint64) { l.struckBy[id].Add(n) }

func (l *load) strikesInAll() uint64 {
	var n uint64
	for i := range l.struckBy {
		n += l.struckBy[i].Load()
	}
	return n
}

// user is one of those who use the pool, one connection at a time.
type user struct {
	load    *load
	id      int
	tasks   taskSource
	private *site // for mistakes that the pool cannot tell from others' use
	dueAt   time.Duration
	turns   uint64
	frames  uint64 // requests made
	timer   *time.Timer
	request []byte
	scratch []byte
	wait    atomic.Pointer[wait] // the call under way; nil if there is none
}

// wait is a call of the pool that has begun.
type wait struct {
	what  string
	site  *site
	since time.Time
}

func (l *load) addUser(id int, seed uint64, private *site) {
	u := &user{load: l, id: id, tasks: newTaskSource(seed, id), private: private}
	u.request, u.scratch = make([]byte, 0, maxFrame), make([]byte, maxFrame)
	l.users = append(l.users, u)
}

// start makes all users run until stop.
func (l *load) start() {
	for _, u := range l.users {
		l.spawn(u)
	}
}

// spawn runs a user. One who dies is replaced by one who goes on with the
// same tasks.
func (l *load) spawn(u *user) {
	l.running.Add(1)
	go func() {
		died := true
		defer func() {
			if died {
				l.tally.add(countDied)
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
	t := u.tasks.next()
	u.turns++
	if !u.sleepUntilDue(t) {
		return false
	}
	defer func() {
		if p := recover(); p != nil {
			u.load.ledger.fail(checkErrors, "user %d: unexpected panic: %v\n%s", u.id, p, debug.Stack())
		}
	}()
	s := u.private
	if t.Finish != finishPutTwice {
		s = u.load.sites[u.load.chooser.pick(*u.load.selection.Load(), t)]
	}
	before := s.observe()
	if conn := u.get(s, t); conn != nil {
		u.use(s, t, conn, before)
	}
	return true
}

func (u *user) sleepUntilDue(t task) bool {
	now := time.Since(u.load.started)
	u.dueAt = u.load.pacer.next(u.dueAt, now, t.Pace)
	u.timer.Reset(u.dueAt - now)
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
	fillFrame(u.request, uint32(u.id), uint32(s.index), u.frames)
}

// awaitUsers waits until all users have stopped, at most for patience, and
// names those that have not.
func (l *load) awaitUsers(patience time.Duration) {
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
		l.ledger.trouble(fmt.Errorf("users did not stop: what follows may come of that"))
	}
}

// accuse reports that a call of u does not end.
func (l *load) accuse(u *user, w *wait) {
	s := l.pool.Stats()
	l.ledger.fail(checkLostWakeup,
		"user %d has waited %v in %s of %v; of %d slots %d are in use, %d idle, %d releasing; %d Gets wait",
		u.id, time.Since(w.since).Round(time.Millisecond), w.what, w.site, s.Max, s.InUse, s.Idle, s.Releasing, s.Waiting)
}
