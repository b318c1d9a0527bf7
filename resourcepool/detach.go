package resourcepool

import (
	"context"
	"sync/atomic"
)

// detached is a Get that has a goroutine of its own, so that it can go on without
// its caller.
type detached struct {
	r        *resource
	end      atomic.Uint32
	err      error
	panicked *panicked
	done     chan struct{} // closed if it ended first
}

const (
	detachedRuns uint32 = iota
	detachedEnded
	detachedLeft // its caller has gone
)

// detach is the body of Resource.Detach.
//
// End against context: one swap of the word, so one is first. If it was the context, the
// resource that is gotten after all is put by the goroutine, as nobody else will.
func (r *resource) detach(ctx context.Context, get func() error) error {
	d := &detached{r: r, done: make(chan struct{})}
	go d.run(get)
	select {
	case <-d.done:
	case <-ctx.Done():
		if d.end.CompareAndSwap(detachedRuns, detachedLeft) {
			return newWaitError(r.pool, r.waitsFor(), ctx)
		}
		<-d.done
	}
	if d.panicked != nil {
		panic(d.panicked.value)
	}
	return d.err
}

func (d *detached) run(get func() error) {
	d.err = errGoexit
	defer func() { // also after a panic or a Goexit
		d.panicked = recovered(recover())
		if d.end.CompareAndSwap(detachedRuns, detachedEnded) {
			close(d.done)
			return
		}
		switch {
		case d.panicked != nil:
			logPanic(d.r.target, "Allocate", d.panicked)
		case d.err == nil:
			d.r.pool.count(&d.r.pool.counts.declined) // the Get came to nothing
			d.r.pool.count(&d.r.pool.counts.unclaimed)
			d.r.put()
		}
	}()
	d.err = get()
}

// waitsFor says what a Get of r waits for, or waited for until a moment ago.
func (r *resource) waitsFor() error {
	if phaseOf(r.state.W.Load()) == phaseAllocating {
		return errAllocating
	}
	return r.wouldWaitFor()
}
