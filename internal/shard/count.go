// Package shard holds the pieces that keep a pool's hot and warm paths
// uncontended: sharded slot counters, the hash that picks a shard, and the
// lock-free stack that carries parked resources to the evictor.
package shard

import (
	"math/bits"
	"runtime"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
)

const (
	maxShards       = 64
	minSlotsAShard  = 32
	shardsPerThread = 4
)

// Count returns how many shards a pool of max slots uses: a power of two from
// 1 to 64. It is about four for each thread that may run Go code, so that two
// threads seldom meet. But a shard has at least 32 slots, so that they are a fair
// sample of the pool's.
func Count(max uint) int {
	if n := forced.Load(); n != 0 {
		return int(n)
	}
	return powerOfTwo(min(byThreads(), max/minSlotsAShard))
}

// mostCount is the Count of a pool that has slots without end.
func mostCount() int { return powerOfTwo(byThreads()) }

func byThreads() uint { return min(uint(runtime.GOMAXPROCS(0))*shardsPerThread, maxShards) }

// powerOfTwo rounds down to one, and 0 up to 1.
func powerOfTwo(n uint) int { return 1 << (bits.Len(max(n, 1)) - 1) }

var forced atomic.Int64

// Force makes Count return n, a power of two, until restore is called: for
// measurements that compare numbers of shards on one machine.
func Force(n int) (restore func()) {
	before := forced.Swap(int64(n))
	return func() { forced.Store(before) }
}

// minSlotsAList is larger than minSlotsAShard because a list is not only a
// place to meet in: among fewer idle resources there is no good victim.
const minSlotsAList = 256

// Lists returns how many shards of residents a pool of max slots has when its
// slots are counted in count shards: a power of two, at most count.
func Lists(max uint, count int) int {
	for count > 1 && max/uint(count) < minSlotsAList {
		count /= 2
	}
	return count
}

// Of returns the shard of key among count shards. count is a power of two.
func Of(key string, count int) int {
	return int(xxhash.Sum64String(key) & uint64(count-1))
}

// Hash returns the hash of key, of which Of takes the lower bits.
func Hash(key string) uint64 { return xxhash.Sum64String(key) }
