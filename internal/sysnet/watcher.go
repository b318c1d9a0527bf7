package sysnet

import (
	"errors"
	"sync"
	"time"
)

// Watched is told by a Watcher that its peer is gone.
type Watched interface {
	// PeerGone is called on the Watcher's goroutine, and so must not wait. It
	// may be called more than once, and until shortly after Forget.
	PeerGone()
}

// A Watch names what a Watcher watches: an entry of its table and which of its
// users. It is never the number of a descriptor, which may be another's by the
// time an event is read. The zero Watch names nothing.
type Watch uint64

func watchOf(index int, use uint32) Watch { return Watch(use)<<32 | Watch(uint32(index)+1) }

func (w Watch) index() int  { return int(uint32(w)) - 1 }
func (w Watch) use() uint32 { return uint32(w >> 32) }

// Watcher learns from the kernel when the peers of connections close or reset
// them. It has one epoll instance and one goroutine for all. Both are made with the
// first connection and last as long as the process. Ordinary traffic does not wake it. The zero value is ready for use; it must not be
// copied. All methods may be called concurrently.
//
// Nothing is watched where there is no epoll, or none can be had: who uses a
// Watcher must do without its word.
type Watcher struct {
	mu      sync.Mutex
	table   []entry
	free    int // the first entry without a user, from 1; 0: none
	epoll   epoll
	retryAt time.Time // not before that, if it could not be made
}

type entry struct {
	watched Watched // nil: free
	use     uint32
	next    int // the next free one
}

// errNotWatched says that it was not even tried.
var errNotWatched = errors.New("sysnet: not watched")

// retryAfter is how long a Watcher that found no descriptor for an epoll
// instance waits before it looks again.
const retryAfter = time.Second

// Watch tells target when the peer of the connection of p is gone, which may be
// at once. A connection is watched until it is closed. The Watch is for Forget;
// with an error there is none.
//
// The Watcher's goroutine would keep a testing/synctest bubble from ending, and
// what it wakes may have channels of the bubble. So what is dialled in a bubble
// is not watched.
func (w *Watcher) Watch(p *Probe, target Watched) (Watch, error) {
	now := time.Now()
	if p == nil || bubbled(now) {
		return 0, errNotWatched
	}
	name, err := w.enter(now, target)
	if err != nil {
		return 0, err
	}
	added := false
	defer func() {
		if !added { // by an error, or a panic in somebody else's Control
			w.Forget(name)
		}
	}()
	if err := w.epoll.add(p, name); err != nil {
		return 0, err
	}
	added = true
	return name, nil
}

// Forget ends a Watch. Call it before the connection is closed, so that the
// table does not keep what is gone.
func (w *Watcher) Forget(name Watch) {
	if name == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	e := &w.table[name.index()]
	if e.watched == nil || e.use != name.use() {
		return
	}
	*e = entry{use: e.use + 1, next: w.free}
	w.free = name.index() + 1
}

// enter gives target an entry.
func (w *Watcher) enter(now time.Time, target Watched) (Watch, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.epoll.running() {
		if now.Before(w.retryAt) {
			return 0, errNotWatched
		}
		if err := w.epoll.start(w.told); err != nil {
			w.retryAt = now.Add(retryAfter)
			return 0, err
		}
	}
	if w.free == 0 {
		w.table = append(w.table, entry{})
		w.free = len(w.table)
	}
	index := w.free - 1
	e := &w.table[index]
	w.free = e.next
	e.watched, e.next = target, 0
	return watchOf(index, e.use), nil
}

// told passes on an event. One that is late is of a use that is over.
func (w *Watcher) told(name Watch) {
	w.mu.Lock()
	var target Watched
	if i := name.index(); i >= 0 && i < len(w.table) && w.table[i].use == name.use() {
		target = w.table[i].watched
	}
	w.mu.Unlock()
	if target != nil {
		target.PeerGone()
	}
}

// bubbled reports whether now was read in a testing/synctest bubble. Only there
// has the time no monotonic clock reading; see package time.
func bubbled(now time.Time) bool { return now == now.Round(0) }
