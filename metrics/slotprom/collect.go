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
		r := c.pools.of([2]string{p.Label, p.Parent}, func() *remembered { return newRemembered(p) })
		collectPool(to, p.Pool, r)
	}
	for name, p := range c.Conns {
		if p != nil {
			r := c.conns.of(name, func() *remembered { return newConnRemembered(name) })
			collectConns(to, p, r)
		}
	}
}

// collectPool sends all at once: whoever receives it need not wake up for each.
func collectPool(to chan<- prometheus.Metric, p *resourcepool.Pool, r *remembered) {
	stats, times := p.Stats(), p.Times()
	samples := make([]sample, len(figures))
	for i := range figures {
		f := &figures[i]
		samples[i].set(f.desc, r.labels[i], f.kind, f.of(&stats))
	}
	for i := range samples {
		to <- &samples[i]
	}
	for i := range durations {
		d := &durations[i]
		to <- r.histogram(i, d.desc, d.of(&times))
	}
}

func newRemembered(p poolnames.Labelled) *remembered {
	var all []labels
	for i := range figures {
		all = append(all, figures[i].labels(p))
	}
	for i := range durations {
		all = append(all, durations[i].labels(p))
	}
	return remember(all, len(durations))
}

func describe(to chan<- *prometheus.Desc) {
	sent := map[*prometheus.Desc]bool{}
	send := func(d *prometheus.Desc) {
		if !sent[d] {
			to <- d
			sent[d] = true
		}
	}
	for i := range figures {
		send(figures[i].desc)
	}
	for i := range durations {
		send(durations[i].desc)
	}
	for i := range connFigures {
		send(connFigures[i].desc)
	}
	for i := range connDurations {
		send(connDurations[i].desc)
	}
}

// metric is a time series of each pool. Several share a description, and differ in
// the value of a label.
type metric struct {
	desc  *prometheus.Desc
	value string // of the label besides pool and parent; "": there is none
}

func (m *metric) labels(p poolnames.Labelled) labels {
	values := []string{p.Label, p.Parent}
	if m.value != "" {
		values = append(values, m.value)
	}
	return prometheus.MakeLabelPairs(m.desc, values)
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, append([]string{"pool", "parent"}, labels...), nil)
}

// figure is one of Stats.
type figure struct {
	metric
	kind prometheus.ValueType
	of   func(*resourcepool.Stats) float64
}

func gauge(name, help string, of func(*resourcepool.Stats) uint) figure {
	return figure{metric{desc: desc(name, help)}, prometheus.GaugeValue,
		func(s *resourcepool.Stats) float64 { return float64(of(s)) }}
}

func counter(name, help string, of func(*resourcepool.Stats) uint64) figure {
	return counterOf(metric{desc: desc(name, help)}, of)
}

func counterOf(m metric, of func(*resourcepool.Stats) uint64) figure {
	return figure{m, prometheus.CounterValue, func(s *resourcepool.Stats) float64 { return float64(of(s)) }}
}

func state(value string, of func(*resourcepool.Stats) uint) figure {
	f := gauge("slotpool_slots", "", of)
	f.metric = metric{slots, value}
	return f
}

var (
	slots    = desc("slotpool_slots", "Slots that are taken, by what their resource does.", "state")
	allocate = desc("slotpool_allocate_seconds", "How long Allocates took, such as dials.", "outcome")
	released = desc("slotpool_releases_total", "Resources that the pool released without being asked to.", "reason")
)

var figures = []figure{
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
}

// duration is one of Times.
type duration struct {
	metric
	of func(*resourcepool.Times) *resourcepool.Histogram
}

var durations = []duration{
	{metric{desc: desc("slotpool_slot_wait_seconds", "How long waits for a slot took, however they ended.")},
		func(t *resourcepool.Times) *resourcepool.Histogram { return &t.SlotWait }},
	{metric{desc: desc("slotpool_resource_wait_seconds", "How long waits for a resource that another user had took, however they ended.")},
		func(t *resourcepool.Times) *resourcepool.Histogram { return &t.ResourceWait }},
	{metric{allocate, "ok"}, func(t *resourcepool.Times) *resourcepool.Histogram { return &t.Allocate }},
	{metric{allocate, "failed"}, func(t *resourcepool.Times) *resourcepool.Histogram { return &t.AllocateFailed }},
}
