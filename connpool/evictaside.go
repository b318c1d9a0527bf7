package connpool

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// evictFor is evictOne for a dial that waits for a descriptor. A Release may take its time, as
// that of a stranger's connection whose Close waits for the peer. A dial that can be cancelled does not wait for it any longer than
// until then; it goes on by itself.
func (r *relief) evictFor(pool *resourcepool.Pool, w *patience) bool {
	heard, ended := w.end.watched(), w.end.ctx.Done()
	var late <-chan time.Time
	if w.end.spoken && !w.end.immediate {
		t := time.NewTimer(shortestPause)
		defer t.Stop()
		late = t.C
	}
	if heard == nil && ended == nil && late == nil {
		return r.evictOne(pool)
	}
	a := &aside{done: make(chan struct{})}
	go a.evict(r, pool)
	select {
	case <-a.done:
	case <-heard:
		w.end.spoken = true
	case <-ended:
	case <-late:
	}
	return a.leave()
}

// aside is an eviction on a goroutine of its own.
//
// Its end against the dial that leaves: both swap state, and the second one knows of the
// other. So a panic is raised in the dial, or told to the log, and not lost between.
type aside struct {
	state    atomic.Int32 // 0, 1 when one of both is over
	done     chan struct{}
	evicted  bool
	panicked any
}

func (a *aside) evict(r *relief, pool *resourcepool.Pool) {
	a.evicted = true // a Goexit in Release: it has ended too
	defer func() {
		a.panicked = recover()
		if a.state.Swap(1) != 0 && a.panicked != nil {
			logTo(slog.Default(), slog.LevelError, "connpool: panic in the Release of an evicted resource", "panic", fmt.Sprint(a.panicked))
		}
		close(a.done)
	}()
	a.evicted = r.evictOne(pool)
}

// leave returns what came of it, or false if it still goes on.
func (a *aside) leave() (evicted bool) {
	if a.state.Swap(1) == 0 {
		return false
	}
	<-a.done
	if a.panicked != nil {
		panic(a.panicked)
	}
	return a.evicted
}
