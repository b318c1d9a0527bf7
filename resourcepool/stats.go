package resourcepool

import (
	"sync"
	"sync/atomic"
	"weak"

	"golang.org/x/sys/cpu"
)

// counts are the totals of events that belong to no shard.
type counts struct {
	_              cpu.CacheLinePad
	cancelledWaits atomic.Uint64
	declined       atomic.Uint64 // uses that came to nothing after all
}

func (p *pool) stats() Stats {
	st := Stats{Max: p.max}
	st.CancelledWaits = p.counts.cancelledWaits.Load()
	p.waitLock.Lock()
	st.Waits, st.Waiting = p.ticket, p.waiting
	p.waitLock.Unlock()
	p.census(&st)
	return st
}

// census counts the residents of all shards at one moment, with all their
// locks held: a resource is a resident only while it has a slot, so there are
// never more than Max.
func (p *pool) census(st *Stats) {
	for i := range p.shards {
		p.shards[i].lock.Lock()
	}
	opening := uint64(0)
	for i := range p.shards {
		s := &p.shards[i]
		st.Gets += s.lateUses.Load() // first, so that no use is counted twice
		opening += s.order.census(st) + s.busy.census(st)
		st.Gets += s.uses
		st.Evictions += s.evictions
		st.AllocationErrors += s.failed
		st.DeadOnCheck += s.renewed.Load()
		st.Allocations += s.admitted - s.failed - s.withdrawn
	}
	declined := p.counts.declined.Load()
	for i := range p.shards {
		p.shards[i].lock.Unlock()
	}
	st.Allocations += st.DeadOnCheck - opening
	st.Gets -= min(st.Gets, declined)
	st.Reuses = st.Gets - min(st.Gets, st.Allocations)
}

// census adds the resources of a list and returns how many of them have a
// slot but nothing allocated yet.
func (l *list) census(st *Stats) (opening uint64) {
	for r := l.oldest; r != nil; r = r.links[byArrival].next {
		w := r.state.w.Load()
		st.Gets += usesOf(w)
		switch phaseOf(w) {
		case phaseIdle:
			st.Idle++
		case phaseInUse:
			st.InUse++
		case phaseAllocating:
			st.InUse++
			opening++
		case phaseSeeking: // its slot is that of a victim that is being released
			st.Releasing++
			opening++
		default:
			st.Releasing++
		}
	}
	return opening
}

// registry holds the named pools, by weak pointers so that it keeps none.
var registry struct {
	lock  sync.Mutex
	pools []weak.Pointer[Pool]
}

func register(p *Pool) {
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
