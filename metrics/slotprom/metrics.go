package slotprom

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/slotpool/slotpool/resourcepool"
)

// The metrics of Prometheus' own for constants make their labels anew for each, and take
// the buckets as a map which they sort at each scrape. These do what a scrape needs.

// sample is a gauge or a counter.
type sample struct {
	desc   *prometheus.Desc
	labels []*dto.LabelPair
	kind   prometheus.ValueType
	value  float64
}

func (s *sample) Desc() *prometheus.Desc { return s.desc }

func (s *sample) Write(to *dto.Metric) error {
	to.Label = s.labels
	if s.kind == prometheus.CounterValue {
		to.Counter = &dto.Counter{Value: &s.value}
	} else {
		to.Gauge = &dto.Gauge{Value: &s.value}
	}
	return nil
}

// histogram is one of Times.
type histogram struct {
	desc   *prometheus.Desc
	labels []*dto.LabelPair
	h      *resourcepool.Histogram
}

func (h *histogram) Desc() *prometheus.Desc { return h.desc }

// bounds are those of all buckets but the last, in seconds. The last is +Inf, which
// is implied.
var bounds = func() (b [resourcepool.HistogramBuckets - 1]float64) {
	for i := range b {
		b[i] = resourcepool.HistogramBound(i).Seconds()
	}
	return b
}()

func (h *histogram) Write(to *dto.Metric) error {
	to.Label = h.labels
	counts := make([]uint64, len(h.h.Buckets))
	buckets := make([]dto.Bucket, len(bounds))
	pointers := make([]*dto.Bucket, len(bounds))
	total := uint64(0)
	for i, n := range h.h.Buckets {
		total += n
		counts[i] = total
	}
	for i := range buckets {
		buckets[i].UpperBound, buckets[i].CumulativeCount = &bounds[i], &counts[i]
		pointers[i] = &buckets[i]
	}
	sum := h.h.Sum.Seconds()
	to.Histogram = &dto.Histogram{SampleCount: &counts[len(counts)-1], SampleSum: &sum, Bucket: pointers}
	return nil
}
