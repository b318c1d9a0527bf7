package slototel_test

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/metrics/slototel"
)

func ExampleExporter() {
	var backends connpool.Pool
	pools := slototel.Exporter{Conns: map[string]*connpool.Pool{"backends": &backends}}
	reader := metric.NewManualReader(metric.WithProducer(&pools)) // or a PeriodicReader
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	stop, err := pools.Register(provider)
	if err != nil {
		fmt.Println(err)
		return
	}
	var all metricdata.ResourceMetrics
	fmt.Println(reader.Collect(context.Background(), &all), len(all.ScopeMetrics) > 0)
	_ = stop()
	// Output: <nil> true
}
