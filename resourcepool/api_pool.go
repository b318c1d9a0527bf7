package resourcepool

import (
	"context"
	"iter"

	"github.com/slotpool/slotpool/internal/shard"
)

// Pool is a number of slots, and the resources that share them. It is made by New
// or Sub and must not be copied. All methods may be called concurrently.
type Pool struct {
	p      pool
	parent *Pool
}

// New returns a pool of max slots. With 0 slots no Get is ever served.
//
// A metricsSubDirname other than "" is the name under which Pools finds the pool,
// for as long as something else in the program refers to it. Several pools may have
// one name. No directory is made: the parameter's name is inherited from the
// reference.
func New(max uint, metricsSubDirname string) *Pool {
	n := shard.Count(max)
	p := newPool(max, metricsSubDirname, n, shard.Lists(max, n))
	p.registered()
	return p
}

// Create returns a new empty resource. Any number may be created: a resource costs
// memory alone until it is first gotten. It panics if target is nil.
func (p *Pool) Create(target AllocateReleaser) *Resource {
	return p.p.create(target, p.p.nextShard())
}

// CreateKeyed is Create for a resource that stands for key, typically an
// address. Resources with equal keys are in the same shard: a part of the pool
// with an eviction order of its own. Create takes the shards in turn.
func (p *Pool) CreateKeyed(target AllocateReleaser, key string) *Resource {
	return p.p.create(target, p.p.homeOf(key))
}

// NewGroup returns a set of interchangeable resources, such as the connections to
// one address. It costs memory alone until it is first gotten.
//
//   - key is as for CreateKeyed.
//   - most is how many members may have a slot, or wait for one, at once. 0: no
//     limit but the slots.
//   - makeTarget returns the target of a new member. It is called with a lock held,
//     so it may only make a value: it must not call the pool, nor panic.
func (p *Pool) NewGroup(key string, most uint, makeTarget func() AllocateReleaser) *Group {
	g := newGroup(&p.p, int32(p.p.homeOf(key)), most, makeTarget)
	g.hash = shard.Hash(key)
	return &g.self
}

// Sub returns a pool whose resources live in slots of p, at most max of them. When
// it is full it evicts its own idle resources or makes its Gets wait, whatever free
// slots p has. Inbound connections in a sub-pool can so never take the slots that
// answering them needs.
//
//   - A Get that finds the sub-pool full waits there first. Once it has a slot of
//     the sub-pool it waits for one of p, in the order in which it came.
//   - p may evict idle resources of the sub-pool as it does its own.
//   - The Stats of p include those of the sub-pool.
//   - max is a number of its own: it does not follow when p grows or shrinks. A part of
//     a small p, such as Stats().Max/2 of 1, may be 0, and then no Get is served.
//   - Closing p closes the sub-pool. Close a sub-pool that is not used any more, as
//     p knows it until then.
//
// name is as for New.
func (p *Pool) Sub(max uint, name string) *Pool {
	c := p.p.sub(max, name)
	c.parent = p
	c.registered()
	return c
}

// Name returns the name given to New or Sub.
func (p *Pool) Name() string { return p.p.name }

// Parent returns the pool that Sub was called on, nil for a pool of New. The Stats
// and Times of the parent include those of p.
func (p *Pool) Parent() *Pool { return p.parent }

// SetMax changes the number of slots. With 0 no Get is served, as with New. On a
// closed pool it does nothing.
//
//   - More slots are there at once, and serve those who wait.
//   - Of fewer slots, the free ones go first, then those of idle resources, which
//     are released. A slot in use goes when its user puts it.
//
// SetMax does not wait for users, but it does wait for the Releases of idle
// resources that it calls. The pool of connpool.GetResourcePool has no more slots
// than the limit on descriptors allows, whatever SetMax asked for.
func (p *Pool) SetMax(max uint) { p.p.setMax(max) }

// ReleaseIdle releases up to n idle resources, first those that eviction values
// least. It returns how many it released. Their slots are free then.
func (p *Pool) ReleaseIdle(n uint) (released uint) { return p.p.releaseIdle(n) }

// Acquire takes n plain slots, for files or anything else that needs descriptors.
// It takes all of them or none. It waits in its turn, evicts idle resources as a
// Get does, and whoever comes later waits behind it. Free gives the slots back.
// They count as InUse. n of 0 does nothing.
//
// The error is one of these:
//
//   - ErrorResourceLimitExceeded, if n is more than the limit of the pool, now or
//     after a SetMax
//   - ErrPoolClosed, if the pool is closed
//   - a *WaitError, if ctx ended the wait or was over already
//
// A panic in the Release of an evicted resource passes through, and nothing is
// acquired.
func (p *Pool) Acquire(ctx context.Context, n uint) error { return p.p.acquireContext(ctx, n) }

// TryAcquire is Acquire that does not wait. It evicts idle resources if that gives
// it all n slots. If not, it evicts none and reports false.
func (p *Pool) TryAcquire(n uint) bool { return p.p.acquire(nil, n, true) == nil }

// Free gives back n slots of Acquire or TryAcquire, all at once or in parts. It
// panics if fewer than n are acquired.
func (p *Pool) Free(n uint) { p.p.freeAcquired(n) }

// OnShortage is for owners of resources that are in use, but that they could give
// up. relief is called when a Get or Acquire finds no slot and begins to wait for
// one, until stop is called. It runs on a goroutine of its own, one call at a time.
// It may release resources. It should go on while SlotWaiters is not 0 and there is
// something to give up, now or soon.
func (p *Pool) OnShortage(relief func()) (stop func()) { return p.p.onShortage(relief) }

// SlotWaiters returns how many wait for a slot that a resource of this pool could
// give up: those in the pool itself and in the pools above it.
func (p *Pool) SlotWaiters() uint { return p.p.shortOf() }

// Shutdown closes the pool as Close does. Then it waits until users have put or
// released all resources and freed all slots, or until ctx is over. The error is
// nil, or a *WaitError if ctx was over first. The pool is closed in both cases.
func (p *Pool) Shutdown(ctx context.Context) error { return p.p.shutdown(ctx) }

// Close closes the pool. The error is always nil.
//
//   - Idle resources are released before it returns. Those in use are released when
//     their users put them.
//   - Gets and Acquires that wait, and later ones, return ErrPoolClosed.
//   - Allocations of groups have their contexts cancelled.
//
// Closing the pool that connpool.GetResourcePool returns ends its use for the whole
// process.
func (p *Pool) Close() error {
	p.p.close()
	return nil
}

// Pools yields the pools that have a name, oldest first. It finds a pool for as
// long as something else in the program refers to it.
func Pools() iter.Seq2[string, *Pool] { return namedPools }
