package resourcepool

import (
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/internal/evict"
	"golang.org/x/sys/cpu"
)

// A resource is a resident from just before its Allocate to just after its
// Release. Who of them is evicted, internal/evict decides.

// claimVictim finds an idle resource for r and makes it releasing; nil if it
// met none. The victim stays a resident.
func (p *pool) claimVictim(r *resource) *resource {
	if r == &p.self {
		return resourceOf(p.idle.ClaimIdle())
	}
	return resourceOf(p.idle.Claim(&r.state.Node, int(r.home)))
}

// swapVictim is claimVictim for an r that is sure to use the slot: it becomes
// a resident in the victim's place.
func (p *pool) swapVictim(r *resource) *resource {
	return resourceOf(p.idle.Swap(&r.state.Node, int(r.home)))
}

// admit makes r, which seeks a slot and has just been given one, a resident
// and a candidate, as its mark already says (I4).
func (r *resource) admit() { r.pool.idle.Admit(&r.state.Node, int(r.home)) }

// replace makes r, which seeks a slot, a resident in the place of a victim.
func (r *resource) replace(victim *resource) {
	if victim.pool != r.pool {
		victim.pool.idle.Evicted(&victim.state.Node)
		r.pool.idle.AdmitFor(&r.state.Node, int(r.home))
		return
	}
	r.pool.idle.Replace(&victim.state.Node, &r.state.Node, int(r.home))
}

// A departure is how a residency ends.
type departure uint8

const (
	stays departure = iota // it does not
	byRelease
	byFailure   // of Allocate
	unallocated // Allocate was not even called
	byEviction  // for a slot that goes to no resident
)

// leave ends the residency of r.
func (r *resource) leave(how departure) {
	if how == byFailure {
		r.tally().failed.Add(1)
	}
	if how == byEviction {
		r.pool.idle.Evicted(&r.state.Node)
	} else {
		r.pool.idle.Leave(&r.state.Node)
	}
}

// keyOf is the hash of the key of a member's group.
func keyOf(n *evict.Node) uint64 { return resourceOf(n).group.hash }

// tally has the totals of a shard that change without a lock.
type tally struct {
	_           cpu.CacheLinePad
	allocations atomic.Uint64
	renewed     atomic.Uint64
	failed      atomic.Uint64
	lateUses    atomic.Uint64 // uses that overflowed their field in a state word
}

func (r *resource) tally() *tally {
	all := r.pool.tallies // a power of two of them
	return &all[int(r.home)&(len(all)-1)]
}

// Of Allocates that are so fast that looking at the clock would take longer,
// one in so many is timed.
const timedOneIn = 16

// allocate calls Allocate and, if it succeeds, notes what that cost: eviction is
// sparing with what is dear. A failure is no cost to protect.
func (r *resource) allocate(a Allocator, renewal bool) error {
	if n := generationOf(r.state.W.Load()); n%timedOneIn != 0 && r.state.Free() {
		return a.Allocate()
	}
	took, err := r.allocateTimed(a)
	switch {
	case err != nil:
	case renewal:
		r.pool.idle.TookAgain(&r.state.Node, took)
	default:
		r.pool.idle.Took(&r.state.Node, took)
	}
	return err
}

func (r *resource) allocateTimed(a Allocator) (took time.Duration, err error) {
	p := r.pool
	f := p.flights.begin(r, a, p.clock.Now())
	h := &p.times.allocateFailed
	defer func() { // also after a panic or a Goexit
		if h == &p.times.allocateFailed {
			took = p.clock.Now() - f.began
		}
		h.observe(took)
		p.flights.end(f)
	}()
	if err = a.Allocate(); err != nil {
		return 0, err
	}
	h = &p.times.allocate
	took = p.clock.Now() - f.began
	if since, runs := runsSince(a, took); runs {
		took = since
	}
	return took, nil
}
