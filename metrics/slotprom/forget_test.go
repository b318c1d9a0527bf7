package slotprom

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slotpool/slotpool/resourcepool"
)

// A collector remembered each pool that it had ever seen.
func TestPoolsThatAreGoneAreForgotten(t *testing.T) {
	const pools = 200
	stays := resourcepool.New(1, "stays")
	c := &Collector{Pools: []*resourcepool.Pool{stays}}
	scrape := func() {
		metrics := make(chan prometheus.Metric)
		go func() { c.Collect(metrics); close(metrics) }()
		for range metrics {
		}
	}
	for i := range pools {
		c.Pools = append(c.Pools, resourcepool.New(1, fmt.Sprint("goes ", i)))
	}
	scrape()
	if n := len(c.pools.all); n != pools+1 {
		t.Fatalf("%d pools are remembered, want %d", n, pools+1)
	}
	c.Pools = c.Pools[:1]
	scrape()
	if n := len(c.pools.all); n != 1 {
		t.Errorf("%d pools are remembered, want the one that is left", n)
	}
}
