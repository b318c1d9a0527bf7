package resourcepool

import (
	"sync/atomic"

	"github.com/slotpool/slotpool/internal/shard"
)

// resource is the body of Resource. 128 bytes are its limit, and the first 64
// of them, one cache line, hold all that the hot verbs touch.
type resource struct {
	state  state
	pool   *pool
	target AllocateReleaser

	waiters waiterQueue // Gets of this resource; guarded by pool.waitLock

	lastError atomic.Pointer[error] // of the last Release; nil for none

	parked shard.Link[resource] // on the way to the order list
	home   int32                // its shard

	residency // guarded by the lock of the home shard
	record    // of the last eviction; belongs to whoever evicts or opens

	_ [8]byte // two cache lines: neighbours in memory share none
}

// StackLink lets a resource lie on the stack of parked resources.
func (r *resource) StackLink() *shard.Link[resource] { return &r.parked }

func (r *resource) shard() *residents {
	s := r.pool.shards // a power of two of them
	return &s[int(r.home)&(len(s)-1)]
}

func (r *resource) saveError(err error) {
	if err != nil || r.lastError.Load() != nil {
		r.storeError(err)
	}
}

func (r *resource) storeError(err error) {
	if err != nil {
		saved := err // so that it is this that escapes, not each err
		r.lastError.Store(&saved)
	} else {
		r.lastError.Store(nil)
	}
}

func (r *resource) loadError() error {
	if err := r.lastError.Load(); err != nil {
		return *err
	}
	return nil
}
