//go:build explore

package resourcepool

import (
	"fmt"
	"sync"

	"github.com/slotpool/slotpool/proof/linear"
	"github.com/slotpool/slotpool/proof/sched"
)

// line knows which Gets of a group stand in its queue and sleep. With real parallelism
// it knows of none.
type line struct {
	lock   sync.Mutex
	h      *linear.History
	g      *group
	queued []*queued
}

// queued is a Get, TryGet or Renew that has not returned yet.
type queued struct {
	called int64
	asleep int64 // when it was first seen to sleep; 0: not yet
	front  bool  // a Renew, which comes before all others
	task   sched.Task
}

func (l *line) begin(front bool) *queued {
	l.look()
	q := &queued{called: l.h.Now(), front: front, task: sched.Current()}
	l.lock.Lock()
	l.queued = append(l.queued, q)
	l.lock.Unlock()
	return q
}

// look sees who sleeps. It comes before whatever makes a member somebody's to get.
func (l *line) look() {
	l.lock.Lock()
	defer l.lock.Unlock()
	for _, q := range l.queued {
		if q.asleep == 0 && l.g.sleeps(q.task) {
			q.asleep = l.h.Now()
		}
	}
}

// end is called when a Get has returned, with a member that has been there to get since a
// moment after source, or with none: source is 0 then. It is an error that
// another one sleeps still which slept before this one came, and before source.
func (l *line) end(q *queued, source int64) (err error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	kept := l.queued[:0]
	for _, other := range l.queued {
		if other == q {
			continue
		}
		kept = append(kept, other)
		before := min(q.called, source)
		if !q.front && other.asleep != 0 && other.asleep < before && l.g.sleeps(other.task) {
			err = fmt.Errorf("a Get of %d has a member that came at %d, while an older one has slept since %d", q.called, source, other.asleep)
		}
	}
	l.queued = kept
	return err
}
