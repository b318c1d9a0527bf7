package shard

import (
	"sync/atomic"

	"golang.org/x/sys/cpu"
)

// Slots counts the free slots of a pool in shards that share no cache line.
// It is a plain count: which resource holds which slot is the pool's business.
// All methods may be called concurrently.
//
// A slot leaves one counter by a compare-and-swap from a positive value, and enters
// one counter by an addition. So the sum over the shards never exceeds what NewSlots
// and Add were given, as long as Release is called at most once for each successful
// TryAcquire.
type Slots struct {
	free []paddedCount // as many as there may ever be
	mask atomic.Int64  // the number in use, less one; it only grows
}

type paddedCount struct {
	n atomic.Int64
	_ cpu.CacheLinePad
}

// mostFree bounds each total, so that no sum of counters overflows.
const mostFree = 1<<63 - 1

// NewSlots spreads total free slots evenly over count shards.
// count is a power of two; total above the largest int64 is cut to it.
func NewSlots(total uint, count int) *Slots {
	s := &Slots{free: make([]paddedCount, max(count, mostCount()))}
	s.mask.Store(int64(count - 1))
	s.Add(total)
	return s
}

// Add makes that many more slots, spread evenly over the shards.
func (s *Slots) Add(slots uint) {
	rest, count := min(uint64(slots), mostFree), s.Shards()
	for i := range count {
		share := rest / uint64(count-i)
		s.free[i].n.Add(int64(share))
		rest -= share
	}
}

// Spread uses at least count shards from now on, a power of two, or as many as
// there can be. It never uses fewer than before, so that no slot is left
// behind in a shard that nobody looks at.
func (s *Slots) Spread(count int) {
	count = min(count, len(s.free))
	for {
		mask := s.mask.Load()
		if mask >= int64(count-1) || s.mask.CompareAndSwap(mask, int64(count-1)) {
			return
		}
	}
}

// TryAcquire takes a free slot, from the shard of home if it has one and else from
// the next shard that does. False means that each shard was empty at the
// moment it was looked at; as slots move meanwhile, that alone does not mean
// that there was no free slot (see DESIGN.md, "No false full").
func (s *Slots) TryAcquire(home int) bool {
	mask := int(s.mask.Load())
	for i := 0; i <= mask; i++ {
		if s.free[(home+i)&mask].take() {
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

// Take takes up to max free slots and returns how many: all that there are, if each
// shard is left alone while it is looked at.
func (s *Slots) Take(max uint) (taken uint) {
	for i := range s.Shards() {
		taken += s.free[i].takeUpTo(max - taken)
	}
	return taken
}

func (c *paddedCount) takeUpTo(max uint) uint {
	for {
		n := c.n.Load()
		if n <= 0 || max == 0 {
			return 0
		}
		most := int64(min(uint64(max), uint64(n)))
		if c.n.CompareAndSwap(n, n-most) {
			return uint(most)
		}
	}
}

// Shards returns the number of shards in use.
func (s *Slots) Shards() int { return int(s.mask.Load()) + 1 }

// Homes returns a power of two: a home below it is spread over all the shards
// that there may ever be.
func (s *Slots) Homes() int { return len(s.free) }

// Release returns a slot to the shard of home.
func (s *Slots) Release(home int) { s.free[home&int(s.mask.Load())].n.Add(1) }

// Free returns the sum over the shards, each read at its own moment.
func (s *Slots) Free() (sum int64) {
	for i := range s.Shards() {
		sum += s.free[i].n.Load()
	}
	return sum
}
