package shard

import (
	"sync/atomic"

	"golang.org/x/sys/cpu"
)

// Slots counts the free slots of a pool in shards that share no cache line.
// It is a plain count: which resource holds which slot is the pool's business.
// All methods may be called concurrently.
//
// The sum over the shards never exceeds what NewSlots was given as long as
// Release is called at most once for each successful TryAcquire, because a
// slot leaves one counter by a compare-and-swap from a positive value and
// enters one counter by an addition.
type Slots struct {
	free []paddedCount
}

type paddedCount struct {
	n atomic.Int64
	_ cpu.CacheLinePad
}

// NewSlots spreads total free slots evenly over count shards.
// count is a power of two; total above the largest int64 is cut to it.
func NewSlots(total uint, count int) *Slots {
	s := &Slots{free: make([]paddedCount, count)}
	const most = 1<<63 - 1
	rest := min(uint64(total), most)
	for i := range s.free {
		share := rest / uint64(count-i)
		s.free[i].n.Store(int64(share))
		rest -= share
	}
	return s
}

// TryAcquire takes a free slot, from shard home if it has one and else from
// the next shard that does. False means that each shard was empty at the
// moment it was looked at; as slots move meanwhile, that alone does not mean
// that there was no free slot (see DESIGN.md, "No false full").
func (s *Slots) TryAcquire(home int) bool {
	for i := range s.free {
		if s.free[(home+i)&(len(s.free)-1)].take() {
			return true
		}
	}
	return false
}

func (c *paddedCount) take() bool {
	for {
		n := c.n.Load()
		if n <= 0 {
			return false
		}
		if c.n.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// Shards returns the number of shards.
func (s *Slots) Shards() int { return len(s.free) }

// Release returns a slot to shard home.
func (s *Slots) Release(home int) { s.free[home].n.Add(1) }

// Free returns the sum over the shards, each read at its own moment.
func (s *Slots) Free() (sum int64) {
	for i := range s.free {
		sum += s.free[i].n.Load()
	}
	return sum
}
