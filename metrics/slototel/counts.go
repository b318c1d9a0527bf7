package slototel

import (
	"context"
	"errors"
	"iter"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/internal/poolnames"
	"github.com/slotpool/slotpool/resourcepool"
)

const (
	scope      = "github.com/slotpool/slotpool/metrics/slototel"
	slotPrefix = "slotpool.slot."
	connPrefix = "slotpool.connection."

	nameKey      = attribute.Key("slotpool.pool.name")
	parentKey    = attribute.Key("slotpool.pool.parent")
	slotStateKey = attribute.Key("slotpool.slot.state")
	connStateKey = attribute.Key("slotpool.connection.state")
)

// gauge is a figure that goes up and down.
type gauge[S any] struct {
	name, unit, help string
	state            string // "": it has none
	of               func(*S) uint
}

// total is a figure that only grows.
type total[S any] struct {
	name, unit, help string
	of               func(*S) uint64
}

type slotStats = resourcepool.Stats

// Two in a row of one name are one instrument.
var slotGauges = []gauge[slotStats]{
	{"count", "{slot}", "Slots that are taken.", "idle", func(s *slotStats) uint { return s.Idle }},
	{"count", "{slot}", "Slots that are taken.", "used", func(s *slotStats) uint { return s.InUse + s.Releasing }},
	{"max", "{slot}", "Slots that exist.", "", func(s *slotStats) uint { return s.Max }},
	{"pending_requests", "{request}", "Gets that wait.", "", func(s *slotStats) uint { return s.Waiting }},
}

var slotTotals = []total[slotStats]{
	{"timeouts", "{timeout}", "Gets that gave up waiting.", func(s *slotStats) uint64 { return s.CancelledWaits }},
	{"gets", "{request}", "Gets that succeeded.", func(s *slotStats) uint64 { return s.Gets }},
	{"reuses", "{request}", "Gets that were served by what was allocated before.", func(s *slotStats) uint64 { return s.Reuses }},
	{"evictions", "{resource}", "Idle resources that were released to use their slot elsewhere.", func(s *slotStats) uint64 { return s.Evictions }},
	{"create_errors", "{error}", "Allocates that failed.", func(s *slotStats) uint64 { return s.AllocationErrors }},
}

type connStats = connpool.PoolStats

var connGauges = []gauge[connStats]{
	{"count", "{connection}", "Open connections.", "idle", func(s *connStats) uint { return s.Idle }},
	{"count", "{connection}", "Open connections.", "used", func(s *connStats) uint { return s.InUse + s.Dialed }},
	{"pending_requests", "{request}", "Gets that wait, or whose dial is running.", "", func(s *connStats) uint { return s.Waiting + s.Dialing }},
}

var connTotals = []total[connStats]{
	{"timeouts", "{timeout}", "Gets whose context was over before they had a connection.", func(s *connStats) uint64 { return s.WaitsOver }},
	{"create_errors", "{error}", "Dials that failed, but for those that were cancelled.", func(s *connStats) uint64 { return s.Dials.Failed + s.Dials.TimedOut }},
}

// instruments are those of one kind of pool.
type instruments[S any] struct {
	gauges   []gauge[S]
	totals   []total[S]
	ups      []metric.Int64ObservableUpDownCounter
	counters []metric.Int64ObservableCounter
}

func newInstruments[S any](meter metric.Meter, prefix string, gauges []gauge[S], totals []total[S]) (in instruments[S], all []metric.Observable, err error) {
	in = instruments[S]{gauges: gauges, totals: totals}
	for i, g := range gauges {
		if i > 0 && g.name == gauges[i-1].name {
			in.ups = append(in.ups, in.ups[i-1])
			continue
		}
		up, fail := meter.Int64ObservableUpDownCounter(prefix+g.name, metric.WithUnit(g.unit), metric.WithDescription(g.help))
		in.ups, all, err = append(in.ups, up), append(all, up), errors.Join(err, fail)
	}
	for _, t := range totals {
		counter, fail := meter.Int64ObservableCounter(prefix+t.name, metric.WithUnit(t.unit), metric.WithDescription(t.help))
		in.counters, all, err = append(in.counters, counter), append(all, counter), errors.Join(err, fail)
	}
	return in, all, err
}

// observe tells the figures of a pool.
func (in *instruments[S]) observe(to metric.Observer, stats *S, attributes func(state string) attribute.Set) {
	for i, g := range in.gauges {
		to.ObserveInt64(in.ups[i], int64(g.of(stats)), metric.WithAttributeSet(attributes(g.state)))
	}
	plain := metric.WithAttributeSet(attributes(""))
	for i, t := range in.totals {
		to.ObserveInt64(in.counters[i], int64(t.of(stats)), plain)
	}
}

func (e *Exporter) register(provider metric.MeterProvider) (stop func() error, err error) {
	meter := provider.Meter(scope)
	slots, all, err := newInstruments(meter, slotPrefix, slotGauges, slotTotals)
	conns, others, fail := newInstruments(meter, connPrefix, connGauges, connTotals)
	if err = errors.Join(err, fail); err != nil {
		return nil, err
	}
	r, err := meter.RegisterCallback(func(_ context.Context, to metric.Observer) error {
		for _, p := range e.pools() {
			stats := p.Pool.Stats()
			slots.observe(to, &stats, func(state string) attribute.Set { return attributes(p, state) })
		}
		for name, p := range e.conns() {
			stats := p.Stats()
			conns.observe(to, &stats, func(state string) attribute.Set { return connAttributes(name, state) })
		}
		return nil
	}, append(all, others...)...)
	if err != nil {
		return nil, err
	}
	return r.Unregister, nil
}

func (e *Exporter) pools() []poolnames.Labelled {
	if e.Pools != nil {
		return e.names.Label(slices.Values(e.Pools))
	}
	return e.names.Label(poolnames.Named)
}

func attributes(p poolnames.Labelled, state string) attribute.Set {
	all := []attribute.KeyValue{nameKey.String(p.Label)}
	if p.Parent != "" {
		all = append(all, parentKey.String(p.Parent))
	}
	if state != "" {
		all = append(all, slotStateKey.String(state))
	}
	return attribute.NewSet(all...)
}

func connAttributes(name, state string) attribute.Set {
	if state == "" {
		return attribute.NewSet(nameKey.String(name))
	}
	return attribute.NewSet(nameKey.String(name), connStateKey.String(state))
}

// conns yields the Conns that are there.
func (e *Exporter) conns() iter.Seq2[string, *connpool.Pool] {
	return func(yield func(string, *connpool.Pool) bool) {
		for name, p := range e.Conns {
			if p != nil && !yield(name, p) {
				return
			}
		}
	}
}
