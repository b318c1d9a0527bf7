package resourcepool

import (
	"slices"
	"sync/atomic"
)

// tree is a pool with those below it. It is replaced as a whole, under waitLock, and
// loaded without a lock.
type tree struct {
	pools []*pool // the pool itself, and those below it from the oldest to the newest
	past  *past   // what those had counted that have left; nil for nothing
}

// past is what pools have counted that left a tree. It is never changed.
type past struct {
	stats Stats // the totals alone
	times Times
}

// leaveTree takes a drained pool off the trees of those above it, which keep what it
// has counted. waitLock is held.
func (p *pool) leaveTree() {
	if p.parent == nil {
		return
	}
	p.given = &past{}
	p.left.Store(true)
	p.fold()
}

// count counts an event that may come when the pool has left the tree: a Get that Close
// refused does so when it wakes up. It may not be called with waitLock held.
func (p *pool) count(events *atomic.Uint64) {
	events.Add(1)
	p.settle()
}

// settle follows an event that may come when the pool has left the tree, and a visit by
// Stats or Times.
//
// Event against leaving: it is counted first, and then settle looks whether the pool has
// left. leaveTree says so first and then looks at the counters. So one of them sees
// the other, and nothing is lost.
//
// Visit against leaving: who visits the pools of a tree has the list and the past from
// one load, so that p is in one of the two and is counted once. A later visit that
// finds p in the past must not find less. If p had not left when the first visit had
// read its counters, fold reads them after that. If it had, the past has what
// was read there before that visit ends.
func (p *pool) settle() {
	if !p.left.Load() {
		return
	}
	p.waitLock.Lock()
	p.fold()
	p.waitLock.Unlock()
}

// fold gives the pools above what p, which has left them, has counted since the last
// time. As p has no residents, that is read in no time. waitLock is held.
func (p *pool) fold() {
	now, before := p.figures(), p.given
	p.given = now
	for q := p.parent; q != nil; q = q.parent {
		after := *q.tree.Load()
		if at := slices.Index(after.pools, p); at >= 0 {
			after.pools = slices.Delete(slices.Clone(after.pools), at, at+1)
		}
		after.past = after.past.with(now, before)
		q.tree.Store(&after)
	}
}

// figures are what p itself has counted, if it has no residents.
func (p *pool) figures() *past {
	f := &past{}
	uses := p.lateUses()
	residents := p.idle.Totals()
	residents.Uses += uses
	p.addTotals(&f.stats, residents)
	p.addTimes(&f.times)
	return f
}

// with is t, which may be nil, with more in it and with less.
func (t *past) with(more, less *past) *past {
	sum := &past{}
	if t != nil {
		*sum = *t
	}
	a, b, c := sum.stats.totals(), more.stats.totals(), less.stats.totals()
	for i := range a {
		*a[i] += *b[i] - *c[i]
	}
	x, y, z := sum.times.all(), more.times.all(), less.times.all()
	for i := range x {
		for n := range x[i].Buckets {
			x[i].Buckets[n] += y[i].Buckets[n] - z[i].Buckets[n]
		}
		x[i].Sum += y[i].Sum - z[i].Sum
	}
	return sum
}

// totals are the figures that only grow, but for Waits, which each pool counts for those
// below it as well.
func (st *Stats) totals() [7]*uint64 {
	return [...]*uint64{&st.Gets, &st.Reuses, &st.Allocations, &st.AllocationErrors, &st.Evictions,
		&st.DeadOnCheck, &st.CancelledWaits}
}

func (t *Times) all() [4]*Histogram {
	return [...]*Histogram{&t.SlotWait, &t.ResourceWait, &t.Allocate, &t.AllocateFailed}
}
