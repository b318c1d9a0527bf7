//go:build linux

package load

import "sync/atomic"

// counter numbers what users count.
type counter int

const (
	CountGets       counter = iota // Gets that succeeded
	CountReused                    // of these, with a connection seen before
	CountCancelled                 // Gets that were cancelled
	CountDialErrors                // Gets that failed by their dial
	CountEMFILE                    // of these, for want of a descriptor
	CountRefused                   // of these, ECONNREFUSED
	CountTimeouts                  // of these, by a timeout
	CountPanics                    // Gets that passed on a dialer's panic
	CountLogged                    // dialers' panics that were logged, as nobody waited for the dial
	CountRequests                  // answered rightly
	CountBroken                    // requests that failed on a connection
	CountRaceWindow                // connections that died between the start of a Get and its return
	CountSeenDead                  // parked connections seen dead before a Get, which the pool replaced
	CountFlooded                   // connections whose peer had stopped reading
	CountUnexpected                // requests that met unexpected bytes
	CountPutTwice                  // panics for a second Put, recovered
	CountDied                      // users who died and were replaced
	CountPutDead                   // connections put though they had failed
	CountOpened                    // connections that the soak's own dialers made
	CountClosed                    // of these, how many the pool closed
	counters                       // how many counters there are
)

type tally [counters]atomic.Uint64

func (t *tally) add(c counter) { t[c].Add(1) }

// Counts are a tally at one moment.
type Counts [counters]uint64

// Snapshot reads all counters, each at its own moment.
func (t *tally) Snapshot() Counts {
	var c Counts
	for i := range t {
		c[i] = t[i].Load()
	}
	return c
}
