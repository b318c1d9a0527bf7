// Package slotdebug serves a page that shows a person what the pools of a program do:
//
//   - how many slots are taken, who waits and for how long
//   - which rule evicts what
//   - who holds connections
//   - which addresses cause most work
//   - what was closed, and why
//
// One line mounts it:
//
//	http.Handle("/debug/slotpool", &slotdebug.Handler{Conns: map[string]*connpool.Pool{"backends": &backends}})
//
// Mount it on a private port: the page shows addresses, and stacks of the program, to
// whoever asks. Each look costs what Pool.Stats costs. The page changes nothing and
// starts no goroutine.
//
// In a terminal:
//
//	curl localhost:6060/debug/slotpool              # text
//	curl localhost:6060/debug/slotpool?format=json
//
// To have the figures in /debug/vars instead, one line does:
//
//	expvar.Publish("slotpool", expvar.Func(func() any { return connpool.GetResourcePool().Stats() }))
//
// # When not to use it
//
//   - To raise alarms, or to keep figures for longer than five minutes: package
//     metrics/slotprom or metrics/slototel.
//   - Where others than you can reach it: there is no login.
//   - To have one figure in the program itself: call Stats or Times of the pool.
package slotdebug
