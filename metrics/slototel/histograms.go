package slototel

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/slotpool/slotpool/resourcepool"
)

// started is before any pool was made, so nothing was counted before it.
var started = time.Now()

// bounds are those of all buckets but the last, which has none, in seconds.
var bounds = func() []float64 {
	var b [resourcepool.HistogramBuckets - 1]float64
	for i := range b {
		b[i] = resourcepool.HistogramBound(i).Seconds()
	}
	return b[:]
}()

type points = []metricdata.HistogramDataPoint[float64]

func (e *Exporter) histograms() metricdata.ScopeMetrics {
	now := time.Now()
	var create, wait points
	for _, p := range e.pools() {
		t := p.Pool.Times()
		create = append(create, point(attributes(p, ""), now, &t.Allocate))
		wait = append(wait, point(attributes(p, ""), now, &t.SlotWait, &t.ResourceWait))
	}
	var dial, get, use points
	for name, p := range e.conns() {
		t, of := p.Times(), connAttributes(name, "")
		dial = append(dial, point(of, now, &t.Dial))
		get = append(get, point(of, now, &t.Wait))
		use = append(use, point(of, now, &t.Hold))
	}
	return metricdata.ScopeMetrics{Scope: instrumentation.Scope{Name: scope}, Metrics: []metricdata.Metrics{
		durations(slotPrefix+"create_time", "How long Allocates took that succeeded.", create),
		durations(slotPrefix+"wait_time", "How long Gets waited, of those that had to.", wait),
		durations(connPrefix+"create_time", "How long dials took that succeeded.", dial),
		durations(connPrefix+"wait_time", "How long Gets that found no idle connection took, the dial included.", get),
		durations(connPrefix+"use_time", "How long connections were held; counted only with HoldWarning.", use),
	}}
}

func durations(name, help string, of points) metricdata.Metrics {
	return metricdata.Metrics{Name: name, Description: help, Unit: "s",
		Data: metricdata.Histogram[float64]{DataPoints: of, Temporality: metricdata.CumulativeTemporality}}
}

// point is the sum of some histograms of a pool.
func point(attributes attribute.Set, now time.Time, of ...*resourcepool.Histogram) metricdata.HistogramDataPoint[float64] {
	d := metricdata.HistogramDataPoint[float64]{
		Attributes: attributes, StartTime: started, Time: now,
		Bounds: bounds, BucketCounts: make([]uint64, resourcepool.HistogramBuckets),
	}
	for _, h := range of {
		d.Sum += h.Sum.Seconds()
		for i, n := range h.Buckets {
			d.BucketCounts[i] += n
			d.Count += n
		}
	}
	return d
}
