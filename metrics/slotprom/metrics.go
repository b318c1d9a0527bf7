package slotprom

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/slotpool/slotpool/resourcepool"
)

// The metrics of Prometheus' own for constants make their labels anew for each, and take
// the buckets as a map which they sort at each scrape. These do what a scrape needs. Each has
// all that its Write gives away in itself, so that it is allocated in one piece.

// labels are those of a time series, which are the same at each scrape.
type labels = []*dto.LabelPair

// known remembers the labels of all time series of a pool.
type known[K comparable] struct {
	lock sync.Mutex
	all  map[K][]labels
}

// of returns them, made by make if they are not known. At times it forgets all, as pools
// come and go; pools is how many there are.
func (k *known[K]) of(pool K, pools int, make func() []labels) []labels {
	k.lock.Lock()
	defer k.lock.Unlock()
	l, is := k.all[pool]
	if is {
		return l
	}
	if k.all == nil || len(k.all) > 2*pools {
		k.all = map[K][]labels{}
	}
	l = make()
	k.all[pool] = l
	return l
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

func (h *histogram) set(desc *prometheus.Desc, l labels, of *resourcepool.Histogram) {
	h.desc, h.labels = desc, l
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
	h.sum = of.Sum.Seconds()
	h.h.SampleCount, h.h.SampleSum, h.h.Bucket = &h.counts[len(h.counts)-1], &h.sum, h.pointers[:]
}

func (h *histogram) Desc() *prometheus.Desc { return h.desc }

func (h *histogram) Write(to *dto.Metric) error {
	to.Label, to.Histogram = h.labels, &h.h
	return nil
}

// send gives away what was collected, all at once: whoever receives it need not wake up for
// each.
func send(to chan<- prometheus.Metric, samples []sample, histograms []histogram) {
	for i := range samples {
		to <- &samples[i]
	}
	for i := range histograms {
		to <- &histograms[i]
	}
}
