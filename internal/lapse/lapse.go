// Package lapse tells what has lasted for too long, of many things that rarely do. All have the
// same patience, so that the first to begin is the first to lapse, and one timer is enough. A
// timer for each would cost more than what most of them last.
package lapse

import (
	"sync"
	"time"
)

// Owner is told, on a goroutine of its own or after others, when its Item has lapsed. It may have
// been removed in that moment.
type Owner interface{ Lapsed() }

// Queue holds what has begun and not ended. It must not be copied once used. Its methods may be called
// concurrently, with any lock held that Lapsed takes.
type Queue struct {
	patience time.Duration

	lock           sync.Mutex
	oldest, newest *Item
	due            time.Time // of the timer; past: there is none
}

// Item is in one Queue at most, and is part of what it stands for.
type Item struct {
	owner        Owner
	begun        time.Time
	older, newer *Item
	in           bool
	own          *time.Timer // in a bubble
}

// New returns a queue of what may last for patience.
func New(patience time.Duration) *Queue { return &Queue{patience: patience} }

// Add puts an item in that begins now. It must not be in.
func (q *Queue) Add(i *Item, owner Owner) {
	q.lock.Lock()
	defer q.lock.Unlock()
	now := time.Now()
	if bubbled(now) {
		i.own = time.AfterFunc(q.patience, owner.Lapsed)
		return
	}
	i.owner, i.begun, i.in = owner, now, true
	if i.older = q.newest; i.older != nil {
		i.older.newer = i
	} else {
		q.oldest = i
	}
	q.newest = i
	q.arm(i.begun)
}

// Remove takes an item out, if it is in.
func (q *Queue) Remove(i *Item) {
	q.lock.Lock()
	defer q.lock.Unlock()
	if i.own != nil {
		i.own.Stop()
		i.own = nil
	}
	if i.in {
		q.remove(i)
	}
}

// bubbled reports whether now is the time of a bubble of testing/synctest, which has no monotonic
// reading. Each bubble has a clock of its own and what is outside must not touch what is inside, so in
// one each item has its own timer. It is a variable for tests.
var bubbled = func(now time.Time) bool { return now == now.Round(0) }

func (q *Queue) remove(i *Item) {
	if i.older != nil {
		i.older.newer = i.newer
	} else {
		q.oldest = i.newer
	}
	if i.newer != nil {
		i.newer.older = i.older
	} else {
		q.newest = i.older
	}
	i.older, i.newer, i.in = nil, nil, false
}

// arm sets the timer for the oldest, unless it runs. It is left to run when that is removed,
// and then finds others, or nothing. The lock is held.
func (q *Queue) arm(now time.Time) {
	if q.oldest != nil && !q.due.After(now) {
		q.due = q.oldest.begun.Add(q.patience)
		time.AfterFunc(q.due.Sub(now), q.lapse)
	}
}

func (q *Queue) lapse() {
	for i := q.next(); i != nil; i = q.next() {
		i.owner.Lapsed()
	}
}

// next takes out the oldest if it has lapsed, or sets the timer for it.
func (q *Queue) next() *Item {
	q.lock.Lock()
	defer q.lock.Unlock()
	now := time.Now()
	if i := q.oldest; i != nil && now.Sub(i.begun) >= q.patience {
		q.remove(i)
		return i
	}
	q.arm(now)
	return nil
}
