// Package durations counts durations.
package durations

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Buckets is the number of buckets: the first counts what is under a microsecond, bucket i
// what is from 2^(i-1) to under 2^i microseconds, and the last also all that is longer.
const Buckets = 32

// Recorder counts durations. All its methods may be called concurrently. Its zero
// value is empty.
type Recorder struct {
	buckets [Buckets]atomic.Uint64
	sum     atomic.Int64 // nanoseconds
}

// Observe counts a duration. One below 0 counts as 0.
func (r *Recorder) Observe(d time.Duration) {
	d = max(d, 0)
	i := min(bits.Len64(uint64(d/time.Microsecond)), Buckets-1)
	r.buckets[i].Add(1)
	r.sum.Add(int64(d))
}

// AddTo adds what was counted.
func (r *Recorder) AddTo(buckets *[Buckets]uint64, sum *time.Duration) {
	for i := range r.buckets {
		buckets[i] += r.buckets[i].Load()
	}
	*sum += time.Duration(r.sum.Load())
}
