// Package resourcepool shares a fixed number of slots among any number of
// resources. A slot is the right to hold one underlying thing, typically a
// file descriptor. A resource that is put back keeps its slot, and with it
// what was allocated, until it is gotten again or until another resource
// needs the slot; then the idle resource is evicted: its Release is called.
//
// Get of an idle resource and Put with nobody waiting take no lock, allocate
// nothing and write to nothing that other resources share.
//
// All methods of Pool and Resource may be called concurrently, from any
// goroutine.
package resourcepool

import (
	"errors"
	"iter"

	"github.com/slotpool/slotpool/internal/shard"
)

var (
	// ErrorPutTimeout is returned, unwrapped, by a Get that was cancelled
	// while another user held the resource.
	ErrorPutTimeout = errors.New("timed out waiting for put")

	// ErrorResourceLimitExceeded is returned, unwrapped, by a Get that was
	// cancelled while it waited for a slot.
	ErrorResourceLimitExceeded = errors.New("resource limit exceeded")
)

// MakeImmediateCanceler returns a channel with one message in it. Given to a
// Get, it makes the Get fail rather than wait. A Get that need not wait leaves
// the message where it is; one that fails takes it, so use a canceler once.
func MakeImmediateCanceler() <-chan struct{} {
	c := make(chan struct{}, 1)
	c <- struct{}{}
	return c
}

// Allocator makes the underlying thing of a resource.
type Allocator interface {
	// Allocate is called on the goroutine of a Get that found the resource
	// empty. If it returns an error or panics, the resource stays empty, its
	// slot is free again, and the Get returns or passes on just that.
	Allocate() error
}

// AllocateReleaser makes and destroys the underlying thing of a resource.
//
// Both methods are called with no lock held and may use the same pool, but
// must not Get the resource they are called for, nor may Release wait for a
// resource that the goroutine it is called on may be getting: that could be any
// goroutine in a Get. They never overlap for one
// resource, and Release is called exactly once for each successful Allocate,
// however the slot comes to be given up. Calls for different resources are
// concurrent.
type AllocateReleaser interface {
	Allocator

	// Release is called on the goroutine that gives the slot up: a
	// Resource.Release, ScheduleRelease or Put, or a Get of another resource
	// that needs the slot. The slot is free again when it returns, whatever
	// it returns, and also when it panics.
	Release() error
}

// New returns a pool of max slots. With 0 slots no Get is ever served.
//
// A metricsSubDirname other than "" names the pool's figures for Pools, which
// finds the pool for as long as something else in the program refers to it.
// Several pools may have one name.
func New(max uint, metricsSubDirname string) *Pool {
	n := shard.Count(max)
	return newPool(max, metricsSubDirname, n, shard.Lists(max, n))
}

// Pool is a number of slots and whoever waits for one. It is made by New and
// must not be copied.
type Pool struct{ p pool }

// Create returns a new empty resource. Any number may be created: a resource
// is memory alone until it is first gotten. It panics if target is nil.
func (p *Pool) Create(target AllocateReleaser) *Resource {
	return p.p.create(target, p.p.nextShard())
}

// CreateKeyed is Create for a resource that stands for key, typically an
// address. Resources with equal keys are accounted in the same shard.
func (p *Pool) CreateKeyed(target AllocateReleaser, key string) *Resource {
	return p.p.create(target, shard.Of(key, p.p.free.Shards()))
}

// Name returns the metricsSubDirname given to New.
func (p *Pool) Name() string { return p.p.name }

// Stats returns the pool's figures. It visits every resource that has a slot
// and holds up evictions and allocations meanwhile, a few nanoseconds for
// each: fit for a metrics scrape, not for each Get.
func (p *Pool) Stats() Stats { return p.p.stats() }

// Stats are the figures of a pool. The reference publishes the first four as
// maximum, num-in-use, num-unused and num-releasing. InUse, Idle and Releasing
// are of one moment, so that their sum never exceeds Max. The totals count since
// New and may each miss what was under way.
type Stats struct {
	Max       uint // slots in all
	InUse     uint // resources with a user, or being allocated for one
	Idle      uint // resources that keep a slot without a user
	Releasing uint // resources about to give up their slot
	Waiting   uint // Gets waiting, for a slot or for a busy resource

	Gets             uint64 // Gets that succeeded: Reuses and Allocations
	Reuses           uint64 // Gets served by what was allocated before
	Allocations      uint64 // Allocates that succeeded
	AllocationErrors uint64 // Allocates that failed or panicked
	Evictions        uint64 // idle resources released to use their slot elsewhere
	DeadOnCheck      uint64 // allocations replaced by Renew
	Waits            uint64 // Gets that waited
	CancelledWaits   uint64 // of these, how many were cancelled
}

// Pools yields the pools that were given a name, oldest first, for as long
// as they are in use elsewhere in the program.
func Pools() iter.Seq2[string, *Pool] { return namedPools }

// Resource is one thing that needs a slot while it is allocated. It is made
// by Pool.Create and must not be copied.
type Resource struct{ r resource }

// Get makes the resource the caller's: it is served at once if the resource
// is idle, and after an Allocate if it is empty and there is a free slot or an
// idle resource to evict. Otherwise it waits for its turn, in order of
// arrival, until cancelChannel is closed or has a message, of which it takes
// at most one. The channel is looked at only while waiting; nil never cancels,
// and a context's Done channel fits. A Get that was cancelled returns
// ErrorPutTimeout or ErrorResourceLimitExceeded; any other error is that of
// Allocate, as it was returned. With as many slots as users, a Get is never
// refused for want of a slot as long as no user has two: one in use, or one of
// an idle resource that it is releasing.
//
// The caller owes a Put or a Release for each Get that returned nil.
func (r *Resource) Get(cancelChannel <-chan struct{}) error {
	if r.r.tryGet() {
		return nil
	}
	return r.r.getSlow(cancelChannel, r.r.target)
}

// GetWith is Get with another Allocate for this one call, for whoever knows
// only then how to allocate. Release stays that of Create.
func (r *Resource) GetWith(cancelChannel <-chan struct{}, a Allocator) error {
	if r.r.tryGet() {
		return nil
	}
	return r.r.getSlow(cancelChannel, a)
}

// TryGet is a Get that succeeds only on an idle resource, at the price of one
// compare-and-swap. It neither waits nor calls Allocate. It may report false
// on an idle resource that others are getting or putting at the same time.
func (r *Resource) TryGet() bool { return r.r.tryGet() }

// Renew replaces what the caller's resource holds, in the slot it has: Release,
// then Allocate of a. It is for a user who finds that what it got is dead. If
// Allocate fails the resource is no longer the caller's, as after Release, and
// the error is that of Allocate. It panics with "Resource was not gotten" if
// the resource is nobody's.
func (r *Resource) Renew(a Allocator) error { return r.r.renew(a) }

// Put returns the resource, which becomes idle, is released if a release was
// scheduled, or goes to whoever has waited longest for it or for a slot. It
// never waits; only for a scheduled release does it call Release.
//
// Put after Release does nothing. Put of an idle resource panics with
// "Resource was not gotten".
func (r *Resource) Put() { r.r.put() }

// Release gives up the slot of an idle resource, or of one that is the
// caller's, and returns the error of the AllocateReleaser. Of a resource that
// holds nothing it returns the error of the last release again. It returns
// nil at once while the resource is being released, in particular when called
// from inside its own Release, and panics with "Resource is allocating" while
// Allocate runs.
func (r *Resource) Release() error { return r.r.release() }

// ScheduleRelease releases an idle resource now, returning the error, and one
// in use at its next Put.
func (r *Resource) ScheduleRelease() error { return r.r.scheduleRelease() }

// Generation counts the successful Allocates of the resource, modulo 2^32. It
// tells its user one allocation from another in PutGeneration and
// ReleaseGeneration.
func (r *Resource) Generation() uint32 { return generationOf(r.r.state.w.Load()) }

// PutGeneration is Put if the resource still holds what it was allocated as
// generation, and nothing if that has been released: for handles that may be
// put again by mistake after they were closed.
func (r *Resource) PutGeneration(generation uint32) { r.r.putGeneration(generation) }

// ReleaseGeneration is Release if the resource still holds what it was
// allocated as generation, idle or in use. It reports whether it was.
func (r *Resource) ReleaseGeneration(generation uint32) (released bool, err error) {
	return r.r.releaseGeneration(generation)
}
