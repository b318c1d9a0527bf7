//go:build linux

package load

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// latency is a histogram of durations, from a microsecond to a minute with
// two significant digits: for the whole run, and since it was last asked.
type latency struct {
	lock       sync.Mutex
	all, since *hdrhistogram.Histogram
}

func newLatency() *latency {
	longest := time.Minute.Microseconds()
	return &latency{all: hdrhistogram.New(1, longest, 2), since: hdrhistogram.New(1, longest, 2)}
}

func (l *latency) record(d time.Duration) {
	µs := min(max(d.Microseconds(), 1), time.Minute.Microseconds())
	l.lock.Lock()
	defer l.lock.Unlock()
	_ = l.since.RecordValue(µs) // in range, as it was clamped
}

// Quantiles are in milliseconds.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
	N   int64   `json:"n"`
}

func quantilesOf(h *hdrhistogram.Histogram) Quantiles {
	ms := func(µs int64) float64 { return float64(µs) / 1000 }
	return Quantiles{ms(h.ValueAtQuantile(50)), ms(h.ValueAtQuantile(99)), ms(h.Max()), h.TotalCount()}
}

// Lap returns the quantiles since the last lap.
func (l *latency) Lap() Quantiles {
	l.lock.Lock()
	defer l.lock.Unlock()
	q := quantilesOf(l.since)
	l.all.Merge(l.since)
	l.since.Reset()
	return q
}

// Total returns the quantiles of all laps.
func (l *latency) Total() Quantiles {
	l.lock.Lock()
	defer l.lock.Unlock()
	return quantilesOf(l.all)
}
