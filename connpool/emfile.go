package connpool

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/slotpool/slotpool/internal/sysnet"
	"github.com/slotpool/slotpool/resourcepool"
)

// relief finds a descriptor for dials that got none: other code has taken them,
// or the limit was lowered. One dial at a time evicts, one connection at a time,
// and looks after each whether there is a free number below the limit, so that
// a hundred dials that fail at once do not empty the pool.
//
// A dial is given up only if nothing was idle when it was last looked for.
type relief struct {
	evicting chan struct{} // has room for the one who evicts
	pools    slotPools
}

// haveFDs is a variable for tests: the table of the whole system, of which ENFILE tells, is
// not theirs to fill.
var haveFDs = sysnet.HaveFDs

const (
	shortestPause = 10 * time.Millisecond
	longestPause  = 100 * time.Millisecond

	// lastResort is how long a dial waits for a descriptor that has neither a
	// timeout nor a canceler.
	lastResort = time.Second

	// quickTries is how often a dial runs again at once because there is a
	// descriptor, which others may take from under its nose.
	quickTries = 3
)

// patience is how long one dial goes on without a descriptor.
type patience struct {
	end   *canceler
	until time.Time // zero: as long as end lets it
	pause time.Duration
	quick int
	last  bool // the dial that runs is one after the end, for which there was a descriptor
}

func newPatience(timeout time.Duration, end *canceler) patience {
	w := patience{end: end, pause: shortestPause}
	if timeout > 0 {
		w.until = time.Now().Add(timeout)
	}
	return w
}

// over says that there is no more time to wait. What is idle still makes room.
func (w *patience) over() bool {
	return w.end.spoken || !w.until.IsZero() && !time.Now().Before(w.until)
}

// wait is called after a dial that got no descriptor, and reports whether to
// dial again: at once if there is a descriptor, by eviction if need be, else
// after a pause. When its time is over a dial goes on for as long as something is
// idle. Each run takes that from others, who may be first to the descriptor, and so
// it ends.
func (r *relief) wait(pool *resourcepool.Pool, need uint, w *patience) bool {
	w.end.look()
	if w.until.IsZero() && w.end.stays() {
		w.until = time.Now().Add(lastResort)
	}
	for {
		over := w.over()
		evicted, free := r.makeRoom(pool, need, w)
		switch {
		case w.end.ctx.Err() != nil:
			return false
		case free && (evicted || w.quick < quickTries):
			w.quick++
			w.last = w.over()
			return true
		case over || w.end.immediate && !free:
			return false
		case w.over(): // since: it looks once more
		case !w.sleep():
			return false
		case !w.end.spoken:
			return true
		}
	}
}

// makeRoom evicts until there are so many free numbers below the limit. It does not
// stay behind another's evictions for long, as a Release among them may take its time: then
// it evicts beside them. An immediate Get, which is told at once that nothing is
// idle, waits for them a little longer, as they may leave it a descriptor.
func (r *relief) makeRoom(pool *resourcepool.Pool, need uint, w *patience) (evicted, free bool) {
	patience := longestPause
	if w.end.spoken {
		patience = shortestPause
	}
	alone := r.turn(w, patience)
	defer func() { // also if a Release panics
		if alone {
			<-r.evicting
		}
	}()
	if evicted, free = r.evict(pool, need, w); !free && !alone && w.end.immediate {
		if alone = r.turn(w, lastResort); alone {
			evicted, free = r.evict(pool, need, w)
		}
	}
	return evicted, free
}

// evict evicts until there are so many free numbers. Others may take them from under
// the nose of a dial time and again. One that has no more time evicts in any case, so
// that it does not fail with something idle.
func (r *relief) evict(pool *resourcepool.Pool, need uint, w *patience) (evicted, free bool) {
	insist := w.over() && w.quick >= quickTries
	for w.end.ctx.Err() == nil {
		if free = !noDescriptor(haveFDs(need)); free && (evicted || !insist) {
			break
		}
		if !r.evictFor(pool, w) {
			break
		}
		evicted = true
	}
	return evicted, free
}

// turn takes the place of the one who evicts, if it comes free in time.
func (r *relief) turn(w *patience, atMost time.Duration) bool {
	select {
	case r.evicting <- struct{}{}:
		return true
	default:
	}
	t := time.NewTimer(atMost)
	defer t.Stop()
	select {
	case r.evicting <- struct{}{}:
		return true
	case <-t.C:
	case <-w.end.watched():
		w.end.spoken = true
	case <-w.end.ctx.Done():
	}
	return false
}

// sleep is the pause before the next try; false if the context has ended meanwhile: a dial
// would fail with that alone, and nobody would hear of the descriptors. The channel ends
// it too, but something may be idle by now.
func (w *patience) sleep() bool {
	pause := w.pause
	w.pause = min(2*w.pause, longestPause)
	if !w.until.IsZero() {
		pause = max(min(pause, time.Until(w.until)), 0)
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-w.end.watched():
		w.end.spoken = true
	case <-w.end.ctx.Done():
	}
	return w.end.ctx.Err() == nil
}

// starvation is why a dial waits for a descriptor, for a Get that gives up meanwhile: the
// dial goes on without it.
type starvation struct{ err atomic.Pointer[error] }

func (s *starvation) set(err error) {
	switch {
	case s == nil:
	case err == nil:
		s.err.Store(nil)
	default:
		met := err // so that err need not be allocated for the other cases
		s.err.Store(&met)
	}
}

// explain makes the error of such a Get, or returns wait if the dial lacks nothing.
func (s *starvation) explain(network, address string, wait *resourcepool.WaitError, pool *resourcepool.Pool) error {
	met := s.err.Load()
	if met == nil {
		return wait
	}
	e := newStarvedError(context.Background(), network, address, *met, pool)
	e.errs = append(e.errs, wait)
	return e
}

// starvedError is what a Get with a context returns that found no descriptor.
type starvedError struct {
	network, address string
	text             string
	errs             []error
}

func newStarvedError(ctx context.Context, network, address string, err error, pool *resourcepool.Pool) *starvedError {
	e := &starvedError{network: network, address: address, errs: []error{err}}
	st := pool.Stats()
	e.text = fmt.Sprintf("%d of %d slots in use", st.InUse, st.Max)
	if limit, err := sysnet.FDLimit(); err == nil {
		e.text = fmt.Sprintf("limit %d, %s", limit, e.text)
	}
	if open, err := sysnet.OpenFDs(); err == nil {
		e.text = fmt.Sprintf("%d open, %s", open, e.text)
	}
	if !noDescriptor(err) {
		e.errs = append(e.errs, syscall.EMFILE) // which package net has hidden
	}
	if ctx.Err() != nil {
		e.errs = append(e.errs, ctx.Err(), context.Cause(ctx))
	}
	return e
}

func (e *starvedError) Error() string {
	return fmt.Sprintf("connpool: no descriptor for a connection to %s %s (%s): %v",
		e.network, e.address, e.text, e.errs[0])
}

func (e *starvedError) Unwrap() []error { return e.errs }

// Timeout is true if the context's deadline has ended the wait.
func (e *starvedError) Timeout() bool {
	return errors.Is(errors.Join(e.errs[1:]...), context.DeadlineExceeded)
}

func (e *starvedError) Temporary() bool { return true }
