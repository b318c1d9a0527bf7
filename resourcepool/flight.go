package resourcepool

import (
	"sync"
	"time"
)

// flight is an Allocate that is under way.
type flight struct {
	r            *resource
	a            Allocator
	began        time.Duration // by the clock of the pool
	older, newer *flight
}

// flights are the Allocates of a pool that are under way, oldest first, but for those of
// resources that allocate faster than one can look at a clock.
type flights struct {
	lock           sync.Mutex // taken with waitLock held, or alone
	oldest, newest *flight
	unused         *flight       // a list by newer, of as many as there were at once
	looked         time.Duration // when noteOverdue did so last
}

func (fs *flights) begin(r *resource, a Allocator, now time.Duration) *flight {
	fs.lock.Lock()
	f := fs.unused
	if f != nil {
		fs.unused = f.newer
	} else {
		f = new(flight)
	}
	f.r, f.a, f.began, f.newer = r, a, now, nil
	if f.older = fs.newest; f.older != nil {
		f.older.newer = f
	} else {
		fs.oldest = f
	}
	fs.newest = f
	fs.lock.Unlock()
	return f
}

func (fs *flights) end(f *flight) {
	fs.lock.Lock()
	fs.remove(f)
	*f = flight{newer: fs.unused}
	fs.unused = f
	fs.lock.Unlock()
}

// remove is for a flight that may have been removed already.
func (fs *flights) remove(f *flight) {
	if f.older == nil && f.newer == nil && fs.oldest != f {
		return
	}
	if f.older != nil {
		f.older.newer = f.newer
	} else {
		fs.oldest = f.newer
	}
	if f.newer != nil {
		f.newer.older = f.older
	} else {
		fs.newest = f.older
	}
	f.older, f.newer = nil, nil
}

// noteOverdue puts the resources in the lane whose Allocate has been running for too long,
// each once. An Allocate that ends meanwhile has changed the phase, or finds the mark and
// takes its resource out of the lane. waitLock is held.
func (p *pool) noteOverdue() {
	fs := &p.flights
	fs.lock.Lock()
	defer fs.lock.Unlock()
	now := p.clock.Now()
	if fs.looked != 0 && now-fs.looked < overdue/lookAtOnce {
		return // so that a herd does not look at them for each of its Gets
	}
	fs.looked = now
	for f := fs.oldest; f != nil && now-f.began >= overdue; {
		next := f.newer
		if since, runs := runsSince(f.a, now-f.began); runs && since >= overdue {
			fs.remove(f)
			f.r.noteOverdue()
		}
		f = next
	}
}

func (r *resource) noteOverdue() {
	w := r.state.W.Load()
	if phaseOf(w) == phaseAllocating && w&markSuspect == 0 && r.state.W.CompareAndSwap(w, w|markSuspect) {
		r.enterLane()
	}
}

// runsSince says for how long an Allocate has really been running, of one that was
// called so long ago. runs is false while it still waits for something of this process,
// and while its target's word is that of an earlier Allocate.
func runsSince(a Allocator, called time.Duration) (since time.Duration, runs bool) {
	var target any = a
	switch x := a.(type) {
	case *withContext:
		target = x.a
	case timedAllocator:
		target = x.o.member.r.target
	}
	began, tells := allocateBegan(target)
	if !tells {
		return called, true
	}
	since = time.Since(began)
	return since, !began.IsZero() && since <= called
}

// allocateBegan asks a target when what takes its time in Allocate began: one that has to
// wait first, for a descriptor say, does so for no fault of its address. Zero is not yet.
func allocateBegan(target any) (at time.Time, tells bool) {
	t, tells := target.(interface{ AllocateBegan() time.Time })
	if tells {
		at = t.AllocateBegan()
	}
	return at, tells
}
