package resourcepool

import (
	"time"

	"github.com/slotpool/slotpool/internal/durations"
)

// histogram counts durations. All methods may be called concurrently.
type histogram struct{ durations.Recorder }

func (h *histogram) observe(d time.Duration) { h.Observe(d) }

func (h *histogram) addTo(to *Histogram) { h.AddTo(&to.Buckets, &to.Sum) }

// times are the durations that a pool counts. None is on the path of a Get that
// finds its resource idle.
type times struct {
	slotWait, resourceWait, allocate, allocateFailed histogram
}

// base is what instants are measured from: time.Since of it reads one clock, where
// time.Now reads two.
var base = time.Now()

func instant() time.Duration { return time.Since(base) }

// waited counts a wait that is over, however it ended.
func (w *waiter) waited() {
	h := &w.pool.times.resourceWait
	if w.forSlot {
		h = &w.pool.times.slotWait
	}
	h.observe(instant() - w.since)
	w.pool.settle()
}

func (p *pool) allTimes() (t Times) {
	tree := p.tree.Load()
	if tree.past != nil {
		t = tree.past.times
	}
	for _, q := range tree.pools {
		q.addTimes(&t)
		q.settle()
	}
	return t
}

// addTimes adds what p itself has counted.
func (p *pool) addTimes(t *Times) {
	p.times.slotWait.addTo(&t.SlotWait)
	p.times.resourceWait.addTo(&t.ResourceWait)
	p.times.allocate.addTo(&t.Allocate)
	p.times.allocateFailed.addTo(&t.AllocateFailed)
}

func (h *Histogram) count() (n uint64) {
	for _, c := range h.Buckets {
		n += c
	}
	return n
}

func (h *Histogram) quantile(q float64) time.Duration {
	rank := uint64(q * float64(h.count()))
	for i, c := range h.Buckets {
		if rank < c {
			return HistogramBound(i)
		}
		rank -= c
	}
	return HistogramBound(HistogramBuckets - 1)
}
