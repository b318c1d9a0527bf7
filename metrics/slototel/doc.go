// Package slototel publishes the figures of pools by OpenTelemetry.
//
//	var pools slototel.Exporter
//	reader := metric.NewPeriodicReader(exporter, metric.WithProducer(&pools))
//	provider := metric.NewMeterProvider(metric.WithReader(reader))
//	stop, err := pools.Register(provider)
//
// Register publishes the counts and gauges, and WithProducer the histograms. All times are
// in seconds.
//
// The last part of each name is that of the semantic conventions for connection pools:
//
//	slotpool.slot.count             taken slots, by slotpool.slot.state: idle, used
//	slotpool.slot.max               slots that exist
//	slotpool.slot.pending_requests  Gets that wait
//	slotpool.slot.timeouts          Gets that gave up waiting
//	slotpool.slot.create_time       how long Allocates took that succeeded
//	slotpool.slot.wait_time         how long Gets waited, of those that had to
//
// There are also slotpool.slot.gets, .reuses, .evictions and .create_errors. There is no
// slotpool.slot.use_time: how long resources are held is not measured.
//
// For the connpool.Pools in Conns there are
//
//	slotpool.connection.count             open connections, by slotpool.connection.state: idle, used
//	slotpool.connection.pending_requests  Gets that wait, or whose dial is running
//	slotpool.connection.timeouts          Gets whose context was over before they had one
//	slotpool.connection.create_time       how long dials took that succeeded
//	slotpool.connection.wait_time         how long Gets took that found no idle connection
//	slotpool.connection.use_time          how long connections were held, with HoldWarning
//
// and slotpool.connection.create_errors. They have no max but that of the slots.
//
// Every metric has the attribute slotpool.pool.name: the name of the pool, or name#2 for a
// second pool of that name. The figures of a pool include those of its sub-pools. A sub-pool
// has the attribute slotpool.pool.parent, the slotpool.pool.name of the nearest pool above it
// that is published too. The sum over the pools without this attribute counts each slot once.
//
// # When not to use it
//
//   - With Prometheus alone: package metrics/slotprom.
//   - To look at one process now: package slotdebug, which also shows addresses and
//     holders. These are no attributes here, as there may be very many.
package slototel
