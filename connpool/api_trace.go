package connpool

import "time"

// Trace has functions that a Pool calls when something happens to a connection of
// Get, TryGet, Do and Warm. Each may be nil. They may be called from several
// goroutines at once. They should return soon, as a connection, a dial or a slot
// waits for them. They must not use the Pool for the same address. A panic in one
// is logged, and has no other effect.
type Trace struct {
	// WaitStart is called when a Get found no good idle connection. It then waits for one
	// to be put back, or for a slot and a dial. WaitDone is called when the wait has
	// ended, with a nil error if the Get was served.
	WaitStart func(network, address string)
	WaitDone  func(network, address string, waited time.Duration, err error)

	// DialStart is called when a dial has a slot and begins, DialDone when it has
	// ended. They are called for the dials of DialContext too.
	DialStart func(network, address string)
	DialDone  func(network, address string, took time.Duration, err error)

	// Reused is called when a connection that somebody had before is about to be
	// handed out.
	Reused func(network, address string)

	// Closed is called when a connection was closed. Of those of DialContext it is called for
	// those that EvictQuiet has closed.
	Closed func(network, address string, why CloseReason)
}

// CloseReason says why a connection was closed.
type CloseReason uint8

// The reasons. When several apply at once, it is one of them.
const (
	ClosedEvicted  CloseReason = iota + 1 // its slot was needed
	ClosedDead                            // found dead at a Get, or turned down by Check
	ClosedByPeer                          // by the peer, while it was parked
	ClosedIdle                            // idle for IdleTimeout
	ClosedLifetime                        // open for MaxLifetime
	ClosedReset                           // Reset failed, or took too long
	ClosedByUser                          // Conn.Close, Do, CloseIdle or CloseIdleConnections
	ClosedShutdown                        // the Pool was closed

	closeReasons = iota + 1
)

var closeReasonNames = [closeReasons]string{"unknown", "evicted", "dead on look", "closed by peer", "idle", "lifetime", "reset", "user", "shutdown"}

// String returns the reason in words, such as "evicted" or "closed by peer".
func (r CloseReason) String() string {
	if r >= closeReasons {
		r = 0
	}
	return closeReasonNames[r]
}
