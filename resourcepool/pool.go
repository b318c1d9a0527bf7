package resourcepool

import (
	"sync/atomic"

	"github.com/slotpool/slotpool/internal/evict"
	"github.com/slotpool/slotpool/internal/lapse"
	"github.com/slotpool/slotpool/internal/shard"
	"golang.org/x/sys/cpu"
)

// pool is the body of Pool. A slot is at any moment in one of five places (I1):
//
//   - in free
//   - with a resident resource
//   - in a grant on its way to a waiter
//   - with who acquired it by number
//   - with one call that is running
type pool struct {
	name    string
	free    *shard.Slots
	idle    evict.Lists // and all other residents; each Get loads its era
	clock   evict.Clock
	tallies []tally

	_           cpu.CacheLinePad
	slotWaiters atomic.Int64 // see room.go; Put loads it
	_           cpu.CacheLinePad

	created  atomic.Uint64 // spreads resources without a key over the shards
	acquired atomic.Int64  // slots held by Acquire, those of sub-pools not included
	held     atomic.Int64  // the same, those of sub-pools included, and never less than these

	*room  // shared by all pools of a tree
	parent *pool
	tree   atomic.Pointer[tree]
	left   atomic.Bool         // the trees of the pools above (see past.go)
	self   resource            // claims victims that are for no resource
	watch  func(allocated any) // nil: nobody; see autosize.Pool

	// Guarded by waitLock, as all that follows.
	slotQueue waiterQueue // one for each seeking resource that must wait (I5)
	waiting   uint        // Gets that wait, those of sub-pools included
	waits     uint64      // how many have waited so far
	draws     uint64      // of a pool to evict from
	size      size
	bounds    bounds
	lane      lane
	staying   *lapse.Queue // Allocates that may overstay (overstay.go); nil until the first
	shortages []*shortage
	given     *past // what the pools above have of it, if it has left them

	counts counts
	times  times

	flights flights
}

// newPool makes a pool with so many shards of slots and of residents, both of
// them powers of two.
func newPool(max uint, name string, counts, lists int) *Pool {
	p := &Pool{p: pool{room: &room{}}}
	p.p.init(max, name, counts, lists)
	return p
}

func (p *pool) init(max uint, name string, counts, lists int) {
	p.name = name
	p.free = shard.NewSlots(max, counts)
	p.tallies = make([]tally, lists)
	p.clock = evict.NewClock()
	p.idle.Init(uint64(max), lists, keyOf)
	p.self = resource{pool: p}
	p.size = size{limit: max, total: countable(max), drained: make(chan struct{})}
	p.tree.Store(&tree{pools: []*pool{p}})
}

func (p *pool) create(target AllocateReleaser, home int) *Resource {
	r := &Resource{}
	r.r.init(p, target, int32(home))
	return r
}

// nextShard picks the home of a resource without a key: each shard in turn.
func (p *pool) nextShard() int { return int(p.created.Add(1) % uint64(p.free.Homes())) }

// homeOf returns the home of all resources with that key.
func (p *pool) homeOf(key string) int { return shard.Of(key, p.free.Homes()) }
