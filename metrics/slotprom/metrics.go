package slotprom

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/slotpool/slotpool/resourcepool"
)

// The metrics of Prometheus' own for constants make their labels anew for each, and take
// the buckets as a map which they sort at each scrape. These do what a scrape needs. Each has
// all that its Write gives away in itself, so that it is allocated in one piece. It never
// changes once it is sent.

// labels are those of a time series, which are the same at each scrape.
type labels = []*dto.LabelPair

// remembered is what the scrapes of a pool have in common.
type remembered struct {
	labels []labels // of all its time series, in the order of the tables

	lock       sync.Mutex
	histograms []*histogram // as they were sent last; the last so many of the tables
}

// histogram returns the one that was sent last, if nothing has been counted since. That is
// so of most: few pools fail to dial all the time.
func (r *remembered) histogram(i int, desc *prometheus.Desc, of *resourcepool.Histogram) *histogram {
	r.lock.Lock()
	defer r.lock.Unlock()
	h := r.histograms[i]
	if h == nil || h.of != *of {
		h = newHistogram(desc, r.labels[len(r.labels)-len(r.histograms)+i], of)
		r.histograms[i] = h
	}
	return h
}

// known remembers pools.
type known[K comparable] struct {
	lock sync.Mutex
	all  map[K]*remembered
}

// of returns what is remembered of a pool, made by make if there is nothing.
func (k *known[K]) of(pool K, make func() *remembered) *remembered {
	k.lock.Lock()
	defer k.lock.Unlock()
	r, is := k.all[pool]
	if is {
		return r
	}
	if k.all == nil {
		k.all = map[K]*remembered{}
	}
	r = make()
	k.all[pool] = r
	return r
}

// forget forgets all if much of it must be of pools that are gone; pools is how many there are. It
// is called at each scrape.
func (k *known[K]) forget(pools int) {
	k.lock.Lock()
	defer k.lock.Unlock()
	if len(k.all) > 2*pools {
		k.all = nil
	}
}

// sample is a gauge or a counter.
type sample struct {
	desc    *prometheus.Desc
	labels  labels
	kind    prometheus.ValueType
	value   float64
	gauge   dto.Gauge // one of these
	counter dto.Counter
}

func (s *sample) set(desc *prometheus.Desc, l labels, kind prometheus.ValueType, value float64) {
	s.desc, s.labels, s.kind, s.value = desc, l, kind, value
	s.gauge.Value, s.counter.Value = &s.value, &s.value
}

func (s *sample) Desc() *prometheus.Desc { return s.desc }

func (s *sample) Write(to *dto.Metric) error {
	to.Label = s.labels
	if s.kind == prometheus.CounterValue {
		to.Counter = &s.counter
	} else {
		to.Gauge = &s.gauge
	}
	return nil
}

// histogram is one of Times.
type histogram struct {
	desc     *prometheus.Desc
	labels   labels
	of       resourcepool.Histogram
	h        dto.Histogram
	sum      float64
	counts   [resourcepool.HistogramBuckets]uint64 // cumulative
	buckets  [len(bounds)]dto.Bucket
	pointers [len(bounds)]*dto.Bucket
}

// bounds are those of all buckets but the last, in seconds. The last is +Inf, which
// is implied.
var bounds = func() (b [resourcepool.HistogramBuckets - 1]float64) {
	for i := range b {
		b[i] = resourcepool.HistogramBound(i).Seconds()
	}
	return b
}()

func newHistogram(desc *prometheus.Desc, l labels, of *resourcepool.Histogram) *histogram {
	h := &histogram{desc: desc, labels: l, of: *of, sum: of.Sum.Seconds()}
	total := uint64(0)
	for i, n := range of.Buckets {
		total += n
		h.counts[i] = total
	}
	for i := range h.buckets {
		b := &h.buckets[i]
		b.UpperBound, b.CumulativeCount = &bounds[i], &h.counts[i]
		h.pointers[i] = b
	}
	h.h.SampleCount, h.h.SampleSum, h.h.Bucket = &h.counts[len(h.counts)-1], &h.sum, h.pointers[:]
	return h
}

func (h *histogram) Desc() *prometheus.Desc { return h.desc }

func (h *histogram) Write(to *dto.Metric) error {
	to.Label, to.Histogram = h.labels, &h.h
	return nil
}
