package resourcepool

import (
	"sync"
	"sync/atomic"
	"weak"

	"github.com/slotpool/slotpool/internal/evict"
	"golang.org/x/sys/cpu"
)

// counts are the totals of events that belong to no shard.
type counts struct {
	_              cpu.CacheLinePad
	cancelledWaits atomic.Uint64
	declined       atomic.Uint64 // uses that came to nothing after all
	deadUnused     atomic.Uint64 // found dead by a TryGet, and so not replaced
	unclaimed      atomic.Uint64 // Allocates of a group whose Get had given up

	gets, reuses, allocations atomic.Uint64 // the most that were given out
}

// stats takes the maximum and the residents of the whole tree at one moment, and
// then visits the residents.
func (p *pool) stats() Stats {
	st, tree, residents := p.moment()
	for i, q := range tree.pools {
		one := Stats{}
		q.census(&one, residents[i])
		q.settle()
		st.add(&one)
	}
	return st
}

// moment reads what is to be of one moment. For that it holds waitLock, so that no slots
// are made or destroyed, and the locks of all lists of the tree, so that no resource
// becomes or ceases to be a resident. In that moment it loads how many slots are held
// by Acquire in the whole tree: that is one number, as slots may go from one pool's
// Acquire to that of another meanwhile. Each of all these has a slot of p, so together they are
// no more than p has. A tree has its pools in the order in which they were made, and so
// all take the locks in one order.
func (p *pool) moment() (st Stats, t *tree, residents []evict.Totals) {
	p.waitLock.Lock()
	defer p.waitLock.Unlock()
	t = p.tree.Load()
	if t.past != nil {
		st = t.past.stats
	}
	st.Max, st.Limit = p.size.total, p.size.limit
	st.Waits, st.Waiting = p.waits, p.waiting
	residents = make([]evict.Totals, len(t.pools))
	for i, q := range t.pools {
		residents[i].Uses = q.lateUses()
	}
	for i, q := range t.pools {
		held := q.idle.Hold()
		held.Uses += residents[i].Uses
		residents[i] = held
	}
	st.InUse = uint(p.held.Load())
	for _, q := range t.pools {
		q.idle.LetGo()
	}
	return st, t, residents
}

// lateUses are read before the uses that the lists count, which come from the words of
// residents as these do, and those before the words: so no use is counted twice.
func (p *pool) lateUses() (n uint64) {
	for i := range p.tallies {
		n += p.tallies[i].lateUses.Load()
	}
	return n
}

// add adds what another pool of the tree counts for itself.
func (st *Stats) add(other *Stats) {
	st.InUse += other.InUse
	st.Idle += other.Idle
	st.Releasing += other.Releasing
	more := other.totals()
	for i, n := range st.totals() {
		*n += *more[i]
	}
}

// census finds who of the residents, which are those of one moment, is in use while it
// visits them: what comes, goes or moves meanwhile counts as in use.
func (p *pool) census(st *Stats, residents evict.Totals) {
	p.idle.Census(st.count)
	st.Releasing = min(st.Releasing, residents.Residents)
	st.Idle = min(st.Idle, residents.Residents-st.Releasing)
	st.InUse = residents.Residents - st.Releasing - st.Idle
	p.addTotals(st, residents)
}

// addTotals adds the totals of p, but for the uses that the words of its residents
// count. It reads the allocations last, so that no use is counted as a reuse when it was
// none. What was missed for that, an earlier call may have seen: totals never go
// backwards.
func (p *pool) addTotals(st *Stats, residents evict.Totals) {
	c := &p.counts
	st.Evictions += residents.Evictions
	st.CancelledWaits += c.cancelledWaits.Load()
	st.Gets += residents.Uses
	unclaimed := c.unclaimed.Load() // before those declined, which each of them is as well
	for i := range p.tallies {
		t := &p.tallies[i]
		st.Allocations += t.allocations.Load()
		st.AllocationErrors += t.failed.Load()
		st.DeadOnCheck += t.renewed.Load()
	}
	st.DeadOnCheck += c.deadUnused.Load()
	st.Gets -= min(st.Gets, c.declined.Load())
	st.Reuses = st.Gets + unclaimed
	st.Reuses -= min(st.Reuses, st.Allocations)
	c.mostSeen(st)
}

// mostSeen makes the figures at least those that an earlier call gave.
//
// Two calls at once: who raises the Gets has raised before what they consist of. So who is
// given the Gets of another reads his Reuses and Allocations, or more, after that, and never has
// Gets that are neither.
func (c *counts) mostSeen(st *Stats) {
	raise(&c.allocations, st.Allocations)
	raise(&c.reuses, st.Reuses)
	st.Gets = raise(&c.gets, st.Gets)
	st.Reuses, st.Allocations = c.reuses.Load(), c.allocations.Load()
}

// raise makes a number at least n, and returns it.
func raise(number *atomic.Uint64, n uint64) uint64 {
	for {
		old := number.Load()
		if old >= n || number.CompareAndSwap(old, n) {
			return max(old, n)
		}
	}
}

// count adds a resident by its state word.
func (st *Stats) count(w uint64) {
	st.Gets += usesOf(w)
	switch phaseOf(w) {
	case phaseIdle:
		st.Idle++
	case phaseInUse, phaseAllocating:
	default: // seeking too: its slot is that of a victim that is being released
		st.Releasing++
	}
}

// registry holds the named pools, by weak pointers so that it keeps none.
var registry struct {
	lock  sync.Mutex
	pools []weak.Pointer[Pool]
}

// registered makes Pools find p if it has a name.
func (p *Pool) registered() {
	if p.p.name == "" {
		return
	}
	registry.lock.Lock()
	defer registry.lock.Unlock()
	live := registry.pools[:0]
	for _, w := range registry.pools {
		if w.Value() != nil {
			live = append(live, w)
		}
	}
	clear(registry.pools[len(live):])
	registry.pools = append(live, weak.Make(p))
}

func namedPools(yield func(string, *Pool) bool) {
	registry.lock.Lock()
	pools := append([]weak.Pointer[Pool](nil), registry.pools...)
	registry.lock.Unlock()
	for _, w := range pools {
		if p := w.Value(); p != nil && !yield(p.Name(), p) {
			return
		}
	}
}
