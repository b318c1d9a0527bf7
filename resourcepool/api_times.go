package resourcepool

import (
	"time"

	"github.com/slotpool/slotpool/internal/durations"
)

// HistogramBuckets is the number of buckets of a Histogram.
const HistogramBuckets = durations.Buckets

// Histogram says how many durations of each size there were. Bucket 0 counts those
// below a microsecond. Bucket i counts those from 2^(i-1) to below 2^i
// microseconds. The last bucket also counts all longer ones.
type Histogram struct {
	Buckets [HistogramBuckets]uint64
	Sum     time.Duration // of all
}

// HistogramBound returns the duration below which bucket i of each Histogram
// counts: 2^i microseconds. The last bucket has no bound; for it the result is
// about 36 minutes.
func HistogramBound(i int) time.Duration { return time.Microsecond << i }

// Count returns how many durations there were.
func (h *Histogram) Count() uint64 { return h.count() }

// Quantile returns a duration that a share q of all durations were shorter than,
// with q from 0 to 1. It is the bound of a bucket, and so up to twice the true one.
// Without durations it is the bound of the last bucket.
func (h *Histogram) Quantile(q float64) time.Duration { return h.quantile(q) }

// Times are the durations that a pool has counted since it was made, those of its
// sub-pools included. When a Group has to Allocate and no slot is free, that counts as
// a wait for a slot, also if an idle resource makes room within microseconds.
type Times struct {
	SlotWait       Histogram // waits for a slot, or for several, however they ended
	ResourceWait   Histogram // waits for a resource that another user has, or for a member of a Group, its Allocate included
	Allocate       Histogram // Allocates that succeeded
	AllocateFailed Histogram // Allocates that failed or panicked
}

// Times returns the durations counted so far. They never go backwards, also when a
// sub-pool is closed. It takes a lock only while a sub-pool is being closed.
func (p *Pool) Times() Times { return p.p.allTimes() }
