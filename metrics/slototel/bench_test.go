package slototel

import (
	"context"
	"fmt"
	"testing"

	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/internal/testpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// collecting returns what the SDK does at each interval, without sending it.
func collecting(b *testing.B, p *resourcepool.Pool) func() {
	b.Helper()
	e := &Exporter{Pools: []*resourcepool.Pool{p}}
	reader := sdk.NewManualReader(sdk.WithProducer(e))
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	b.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	if _, err := e.Register(provider); err != nil {
		b.Fatal(err)
	}
	var all metricdata.ResourceMetrics
	return func() {
		if err := reader.Collect(context.Background(), &all); err != nil {
			panic(err)
		}
	}
}

// BenchmarkCollect is what one reading costs, with what the SDK does with it.
func BenchmarkCollect(b *testing.B) {
	for _, n := range []int{0, 1000} {
		p := resourcepool.New(uint(n), "b")
		for range n {
			testpool.Get(b, p).Put()
		}
		collect := collecting(b, p)
		b.Run(fmt.Sprintf("residents=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				collect()
			}
		})
	}
}

// BenchmarkBesideCollects has the slowest of Gets in a pool of a million residents: alone,
// beside a loop that only reads memory, and beside a loop of readings.
func BenchmarkBesideCollects(b *testing.B) {
	m := testpool.NewMillion(b)
	collects := testkit.Loop{Name: "collects", Do: collecting(b, m.Pool)}
	b.Run("idle", func(b *testing.B) { testkit.Slowest(b, m.Idle, collects) })
	b.Run("evicting", func(b *testing.B) { testkit.Slowest(b, m.Evicting, collects) })
}
