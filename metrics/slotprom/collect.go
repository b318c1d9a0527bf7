package slotprom

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slotpool/slotpool/internal/poolnames"
	"github.com/slotpool/slotpool/resourcepool"
)

func (c *Collector) collect(to chan<- prometheus.Metric) {
	pools := poolnames.Named
	if c.Pools != nil {
		pools = slices.Values(c.Pools)
	}
	labelled := c.names.Label(pools)
	c.pools.forget(len(labelled))
	c.conns.forget(len(c.Conns))
	for _, p := range labelled {
		r := c.pools.of([2]string{p.Label, p.Parent}, func() *remembered { return ofPools.remember(p.Label, p.Parent) })
		ofPools.collect(to, p.Pool.Stats(), p.Pool.Times(), r)
	}
	for name, p := range c.Conns {
		if p != nil {
			r := c.conns.of(name, func() *remembered { return ofConns.remember(name) })
			ofConns.collect(to, p.Stats(), p.Times(), r)
		}
	}
}

// table is what is sent of each pool of a kind: figures of its S, and durations of its T.
type table[S, T any] struct {
	figures   []figure[S]
	durations []duration[T]
}

// metric is a time series of each pool. Several share a description, and differ in
// the value of a label.
type metric struct {
	desc  *prometheus.Desc
	value string // of the label besides those of the pool; "": there is none
}

// figure is one of Stats.
type figure[S any] struct {
	metric
	kind prometheus.ValueType
	of   func(*S) float64
}

// duration is one of Times.
type duration[T any] struct {
	metric
	of func(*T) *resourcepool.Histogram
}

func (m *metric) labels(pool []string) labels {
	if m.value != "" {
		pool = append(slices.Clip(pool), m.value)
	}
	return prometheus.MakeLabelPairs(m.desc, pool)
}

// collect sends all at once: whoever receives it need not wake up for each.
func (t *table[S, T]) collect(to chan<- prometheus.Metric, stats S, times T, r *remembered) {
	samples := make([]sample, len(t.figures))
	for i := range t.figures {
		f := &t.figures[i]
		samples[i].set(f.desc, r.labels[i], f.kind, f.of(&stats))
	}
	for i := range samples {
		to <- &samples[i]
	}
	for i := range t.durations {
		d := &t.durations[i]
		to <- r.histogram(i, d.desc, d.of(&times))
	}
}

// remember makes what the scrapes of a pool with these labels have in common.
func (t *table[S, T]) remember(pool ...string) *remembered {
	r := &remembered{histograms: make([]*histogram, len(t.durations))}
	for i := range t.figures {
		r.labels = append(r.labels, t.figures[i].labels(pool))
	}
	for i := range t.durations {
		r.labels = append(r.labels, t.durations[i].labels(pool))
	}
	return r
}

// describe sends each description once.
func (t *table[S, T]) describe(to chan<- *prometheus.Desc) {
	sent := map[*prometheus.Desc]bool{}
	send := func(d *prometheus.Desc) {
		if !sent[d] {
			to <- d
			sent[d] = true
		}
	}
	for i := range t.figures {
		send(t.figures[i].desc)
	}
	for i := range t.durations {
		send(t.durations[i].desc)
	}
}

func describe(to chan<- *prometheus.Desc) {
	ofPools.describe(to)
	ofConns.describe(to)
}

// poolFigure is one of Stats of a resourcepool.Pool.
type poolFigure = figure[resourcepool.Stats]

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, append([]string{"pool", "parent"}, labels...), nil)
}

func gauge(name, help string, of func(*resourcepool.Stats) uint) poolFigure {
	return poolFigure{metric{desc: desc(name, help)}, prometheus.GaugeValue,
		func(s *resourcepool.Stats) float64 { return float64(of(s)) }}
}

func counter(name, help string, of func(*resourcepool.Stats) uint64) poolFigure {
	return counterOf(metric{desc: desc(name, help)}, of)
}

func counterOf(m metric, of func(*resourcepool.Stats) uint64) poolFigure {
	return poolFigure{m, prometheus.CounterValue, func(s *resourcepool.Stats) float64 { return float64(of(s)) }}
}

func state(value string, of func(*resourcepool.Stats) uint) poolFigure {
	f := gauge("slotpool_slots", "", of)
	f.metric = metric{slots, value}
	return f
}

var (
	slots    = desc("slotpool_slots", "Slots that are taken, by what their resource does.", "state")
	allocate = desc("slotpool_allocate_seconds", "How long Allocates took, such as dials.", "outcome")
	released = desc("slotpool_releases_total", "Resources that the pool released without being asked to.", "reason")
)

var ofPools = table[resourcepool.Stats, resourcepool.Times]{figures: []poolFigure{
	gauge("slotpool_slots_max", "Slots that exist.", func(s *resourcepool.Stats) uint { return s.Max }),
	gauge("slotpool_slots_limit", "Slots that were asked for.", func(s *resourcepool.Stats) uint { return s.Limit }),
	gauge("slotpool_waiting", "Gets that wait now.", func(s *resourcepool.Stats) uint { return s.Waiting }),
	state("in_use", func(s *resourcepool.Stats) uint { return s.InUse }),
	state("idle", func(s *resourcepool.Stats) uint { return s.Idle }),
	state("releasing", func(s *resourcepool.Stats) uint { return s.Releasing }),
	counter("slotpool_gets_total", "Gets that succeeded.", func(s *resourcepool.Stats) uint64 { return s.Gets }),
	counter("slotpool_reuses_total", "Gets that were served by what was allocated before.", func(s *resourcepool.Stats) uint64 { return s.Reuses }),
	counter("slotpool_allocations_total", "Allocates that succeeded.", func(s *resourcepool.Stats) uint64 { return s.Allocations }),
	counter("slotpool_allocation_errors_total", "Allocates that failed.", func(s *resourcepool.Stats) uint64 { return s.AllocationErrors }),
	counterOf(metric{released, "evicted"}, func(s *resourcepool.Stats) uint64 { return s.Evictions }),
	counterOf(metric{released, "dead"}, func(s *resourcepool.Stats) uint64 { return s.DeadOnCheck }),
	counter("slotpool_waits_total", "Gets that had to wait: for a slot, for a busy resource, or for a dial of their group.", func(s *resourcepool.Stats) uint64 { return s.Waits }),
	counter("slotpool_waits_cancelled_total", "Gets that gave up waiting.", func(s *resourcepool.Stats) uint64 { return s.CancelledWaits }),
}, durations: []duration[resourcepool.Times]{
	{metric{desc: desc("slotpool_slot_wait_seconds", "How long waits for a slot took, however they ended.")},
		func(t *resourcepool.Times) *resourcepool.Histogram { return &t.SlotWait }},
	{metric{desc: desc("slotpool_resource_wait_seconds", "How long waits for a resource that another user had took, however they ended.")},
		func(t *resourcepool.Times) *resourcepool.Histogram { return &t.ResourceWait }},
	{metric{allocate, "ok"}, func(t *resourcepool.Times) *resourcepool.Histogram { return &t.Allocate }},
	{metric{allocate, "failed"}, func(t *resourcepool.Times) *resourcepool.Histogram { return &t.AllocateFailed }},
}}
