package slotprom

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/internal/poolnames"
	"github.com/slotpool/slotpool/resourcepool"
)

// Collector is a prometheus.Collector. Its zero value publishes all pools that have
// a name, also those that are made later. The fields must not change while it is
// registered. It may be collected from several goroutines at once.
type Collector struct {
	// Pools are the pools to publish. nil: all that resourcepool.Pools finds.
	Pools []*resourcepool.Pool

	// Conns are published too. Their names here are the label pool.
	Conns map[string]*connpool.Pool

	names poolnames.Names
	pools known[[2]string] // by the values of the labels pool and parent
	conns known[string]
}

var _ prometheus.Collector = &Collector{}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(to chan<- *prometheus.Desc) { describe(to) }

// Collect implements prometheus.Collector. It calls Stats and Times of each pool.
func (c *Collector) Collect(to chan<- prometheus.Metric) { c.collect(to) }
