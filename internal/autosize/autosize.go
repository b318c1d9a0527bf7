// Package autosize lets connpool size the pool of the process, without adding to the
// exported surface of resourcepool.
package autosize

import "net"

// Pool is a resourcepool.Pool whose size follows something. All methods may be
// called concurrently.
type Pool interface {
	// Resize makes it n slots, but never more than an explicit SetMax allows.
	// Shrinking evicts idle resources at once, on the caller's goroutine, and
	// takes the other slots as users give them up.
	Resize(n uint)

	// Taken returns how many slots are not free: with a resource, or in the
	// hands of a verb. It costs a lock.
	Taken() uint

	// Watch has f called with the AllocateReleaser whose Allocate has just
	// succeeded, on the goroutine of that, with no lock held. It is called at
	// most once, before the pool is used.
	Watch(f func(allocated any))
}

// Opener is an AllocateReleaser of this module, whose descriptor can be asked for its
// number. To learn as much after the Allocate of another takes a descriptor for a moment.
type Opener interface {
	// Opened returns the connection that was allocated last, by whoever has it.
	Opened() net.Conn
}

// Of returns the Pool of a *resourcepool.Pool. That package sets it.
var Of func(pool any) Pool
