package resourcepool

import (
	"sync/atomic"
	"unsafe"

	"github.com/slotpool/slotpool/internal/evict"
)

// resource is the body of Resource. 128 bytes are its limit, and the first 16
// of them hold all that the hot verbs touch.
type resource struct {
	pool  *pool
	state state

	target AllocateReleaser

	waiters waiterQueue // Gets of this resource; guarded by pool.waitLock

	lastError atomic.Pointer[error] // of the last Release; nil for none

	group  *group // that it is a member of; nil for none
	home   int32  // its shard of slots, which picks the list of residents
	member int32  // its number in the group
}

func (r *resource) init(p *pool, target AllocateReleaser, home int32) {
	if target == nil {
		panic("resourcepool: Create with a nil AllocateReleaser")
	}
	r.pool, r.target, r.home = p, target, home
	if _, ok := target.(Checker); ok {
		r.state.W.Store(markChecked)
	}
}

// resourceOf returns the resource whose node is n.
func resourceOf(n *evict.Node) *resource {
	if n == nil {
		return nil
	}
	return (*resource)(unsafe.Add(unsafe.Pointer(n), -int(unsafe.Offsetof(resource{}.state))))
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
