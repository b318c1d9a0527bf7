package slotdebug

import (
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// view is what a look shows; its JSON is for the page's script and for
// programs.
type view struct {
	Now   int64      `json:"now"` // Unix milliseconds, as all instants here
	Pools []poolView `json:"pools"`
	Conns []connView `json:"conns"`
}

type poolView struct {
	Name     string             `json:"name"`
	Parent   string             `json:"parent,omitempty"` // whose figures include these
	Stats    resourcepool.Stats `json:"stats"`
	Waits    histogram          `json:"waits"` // for a slot
	Busy     histogram          `json:"busy"`  // for a resource in use
	Opened   histogram          `json:"opened"`
	Failed   histogram          `json:"failed"`
	Eviction eviction           `json:"eviction"`
	Samples  []sample           `json:"samples"`
}

// eviction is for whom the pool evicts, and why.
type eviction struct {
	Follows string `json:"follows"`
	Rules   []rule `json:"rules"`
}

type rule struct {
	Name      string  `json:"name"`
	Victim    string  `json:"victim"`
	Evictions uint64  `json:"evictions"`
	Regret    float64 `json:"regret"` // least in the one that is followed
}

func newEviction(of resourcepool.Eviction) eviction {
	e := eviction{Follows: of.Follows, Rules: []rule{}}
	for _, r := range of.Rules {
		e.Rules = append(e.Rules, rule(r))
	}
	return e
}

// sample is what was seen at one look.
type sample struct {
	At        int64  `json:"at"`
	Max       uint   `json:"max"`
	InUse     uint   `json:"inUse"`
	Idle      uint   `json:"idle"`
	Releasing uint   `json:"releasing"`
	Waiting   uint   `json:"waiting"`
	Gets      uint64 `json:"gets"`
	Opened    uint64 `json:"opened"`
}

// histogram has times in seconds.
type histogram struct {
	Count   uint64   `json:"count"`
	Mean    float64  `json:"mean"`
	P50     float64  `json:"p50"`
	P99     float64  `json:"p99"`
	Buckets []bucket `json:"buckets"` // from the first that is not empty to the last
}

// bucket counts durations below a bound, and not below half of it.
type bucket struct {
	Below float64 `json:"below"`
	Count uint64  `json:"count"`
}

func newHistogram(of *resourcepool.Histogram) histogram {
	h := histogram{Count: of.Count(), Buckets: []bucket{}}
	if h.Count == 0 {
		return h
	}
	h.Mean = (of.Sum / time.Duration(h.Count)).Seconds()
	h.P50, h.P99 = of.Quantile(0.5).Seconds(), of.Quantile(0.99).Seconds()
	last := 0
	for i, n := range of.Buckets {
		if n == 0 && len(h.Buckets) == 0 {
			continue
		}
		h.Buckets = append(h.Buckets, bucket{resourcepool.HistogramBound(i).Seconds(), n})
		if n != 0 {
			last = len(h.Buckets)
		}
	}
	h.Buckets = h.Buckets[:last]
	return h
}

func newSample(at time.Time, s *resourcepool.Stats) sample {
	return sample{
		At: at.UnixMilli(), Max: s.Max, InUse: s.InUse, Idle: s.Idle, Releasing: s.Releasing,
		Waiting: s.Waiting, Gets: s.Gets, Opened: s.Allocations,
	}
}
