package slototel

import (
	"context"

	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/internal/poolnames"
	"github.com/slotpool/slotpool/resourcepool"
)

// Exporter publishes pools. Its zero value publishes all that have a name, also
// those that are made later. The fields must not change while it is in use. Its
// methods may be called concurrently.
type Exporter struct {
	// Pools are the pools to publish. nil: all that resourcepool.Pools finds.
	Pools []*resourcepool.Pool

	// Conns are published too, under these names.
	Conns map[string]*connpool.Pool

	names poolnames.Names
}

// Register makes the counts and gauges observable instruments of the provider,
// until stop is called. Nothing is measured until the provider is read.
func (e *Exporter) Register(provider metric.MeterProvider) (stop func() error, err error) {
	return e.register(provider)
}

var _ sdk.Producer = &Exporter{}

// Produce implements sdk/metric.Producer; the option WithProducer gives e to a
// reader. It has the histograms create_time, wait_time and use_time. The API has no
// instrument for durations that were counted already.
func (e *Exporter) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	return []metricdata.ScopeMetrics{e.histograms()}, nil
}
