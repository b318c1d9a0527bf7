package slotprom

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/internal/testpool"
	"github.com/slotpool/slotpool/resourcepool"
)

func residents(b *testing.B, n int) *resourcepool.Pool {
	b.Helper()
	p := resourcepool.New(uint(n), "b")
	for range n {
		r := p.Create(&testpool.Thing{})
		if err := r.Get(nil); err != nil {
			b.Fatal(err)
		}
		r.Put()
	}
	return p
}

// BenchmarkScrape is what the collector does in a scrape, and with gather=true
// also what the registry does with it.
func BenchmarkScrape(b *testing.B) {
	for _, n := range []int{0, 1000} {
		c := &Collector{Pools: []*resourcepool.Pool{residents(b, n)}}
		b.Run(fmt.Sprintf("residents=%d/gather=false", n), func(b *testing.B) {
			b.ReportAllocs()
			to := make(chan prometheus.Metric, 1000)
			for b.Loop() {
				c.Collect(to)
				for len(to) > 0 {
					var m dto.Metric
					if err := (<-to).Write(&m); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run(fmt.Sprintf("residents=%d/gather=true", n), func(b *testing.B) {
			b.ReportAllocs()
			registry := prometheus.NewRegistry()
			registry.MustRegister(c)
			for b.Loop() {
				if _, err := registry.Gather(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkScrapeFloor is what the registry does with as many metrics that are there already:
// no collector with these metrics can be scraped in less.
func BenchmarkScrapeFloor(b *testing.B) {
	c := &Collector{Pools: []*resourcepool.Pool{residents(b, 0)}}
	collected := make(chan prometheus.Metric, 1000)
	c.Collect(collected)
	close(collected)
	var all []prometheus.Metric
	for m := range collected {
		all = append(all, m)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectorFunc(func(to chan<- prometheus.Metric) {
		for _, m := range all {
			to <- m
		}
	}))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := registry.Gather(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBesideScrapes has the slowest of Gets in a pool of a million residents: alone,
// beside a loop that only reads memory, and beside a loop of scrapes.
func BenchmarkBesideScrapes(b *testing.B) {
	m := testpool.NewMillion(b)
	registry := prometheus.NewRegistry()
	registry.MustRegister(&Collector{Pools: []*resourcepool.Pool{m.Pool}})
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	scrapes := testkit.Loop{Name: "scrapes", Do: func() {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil))
	}}
	b.Run("idle", func(b *testing.B) { testkit.Slowest(b, m.Idle, scrapes) })
	b.Run("evicting", func(b *testing.B) { testkit.Slowest(b, m.Evicting, scrapes) })
}
