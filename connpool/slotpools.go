package connpool

import (
	"runtime"
	"sync"
	"weak"

	"github.com/slotpool/slotpool/resourcepool"
)

// slotPools are the pools in which dials had their slots. What is idle in any of
// them has a descriptor, which is worth the same to a dial of another. A pool is
// known for as long as something else refers to it, and by the topmost one,
// which finds what is idle in its sub-pools. The pool of the process is not among
// them, as madePool is it.
type slotPools struct {
	lock sync.Mutex
	tops map[weak.Pointer[resourcepool.Pool]]struct{}
}

// add is called by each dial.
func (s *slotPools) add(pool *resourcepool.Pool) {
	top := topOf(pool)
	if top == nil || top == madePool.Load() {
		return
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	w := weak.Make(top)
	if _, known := s.tops[w]; known {
		return
	}
	if s.tops == nil {
		s.tops = map[weak.Pointer[resourcepool.Pool]]struct{}{}
	}
	s.tops[w] = struct{}{}
	runtime.AddCleanup(top, s.forget, w)
}

func (s *slotPools) forget(w weak.Pointer[resourcepool.Pool]) {
	s.lock.Lock()
	defer s.lock.Unlock()
	delete(s.tops, w)
}

// all returns the pools, so that no lock is held while one of them evicts.
func (s *slotPools) all() (tops []*resourcepool.Pool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for w := range s.tops {
		if top := w.Value(); top != nil {
			tops = append(tops, top)
		}
	}
	return tops
}

func topOf(pool *resourcepool.Pool) *resourcepool.Pool {
	for pool != nil && pool.Parent() != nil {
		pool = pool.Parent()
	}
	return pool
}

// evictOne closes one idle connection for somebody with a slot of the pool: one of
// that pool, else of those above it, which have the other sub-pools, else of the pool
// of the process, else of any. False means that nothing is idle.
func (r *relief) evictOne(pool *resourcepool.Pool) bool {
	for p := pool; p != nil; p = p.Parent() {
		if p.ReleaseIdle(1) != 0 {
			return true
		}
	}
	top := topOf(pool)
	if global := madePool.Load(); global != nil && global != top && global.ReleaseIdle(1) != 0 {
		return true
	}
	for _, other := range r.pools.all() {
		if other != top && other.ReleaseIdle(1) != 0 {
			return true
		}
	}
	return false
}
