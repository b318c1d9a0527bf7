// Package slotprom publishes the figures of pools to Prometheus.
//
//	prometheus.MustRegister(&slotprom.Collector{})
//
// All times are in seconds. Every metric has a label pool: the name of the pool, or
// name#2 for a second pool of that name.
//
// The figures of a pool include those of its sub-pools. The label parent of a sub-pool is
// the pool label of the nearest pool above it that is published too. For all other pools it
// is empty. So this counts each slot once:
//
//	sum(slotpool_slots{parent="",state="in_use"})
//
// The metrics of connpool.Pools begin with slotpool_connection and have no label parent.
// Their connections hold slots of a pool, so they are counted there too.
//
// # When not to use it
//
//   - With OpenTelemetry: package metrics/slototel.
//   - To look at one process now: package slotdebug, which also shows addresses and
//     holders. These are no labels here, as there may be very many.
package slotprom
