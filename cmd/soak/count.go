//go:build linux

package main

import "sync/atomic"

// counter numbers what users count.
type counter int

const (
	countGets       counter = iota // Gets that succeeded
	countReused                    // of these, with a connection seen before
	countCancelled                 // Gets that were cancelled
	countDialErrors                // Gets that failed by their dial
	countEMFILE                    // of these, for want of a descriptor
	countRefused                   // of these, ECONNREFUSED
	countTimeouts                  // of these, by a timeout
	countPanics                    // Gets that passed on a dialer's panic
	countRequests                  // answered rightly
	countBroken                    // requests that failed on a connection
	countRaceWindow                // connections that died between the start of a Get and its return
	countSeenDead                  // parked connections seen dead before a Get, which the pool replaced
	countUnexpected                // requests that met unexpected bytes
	countPutTwice                  // panics for a second Put, recovered
	countDied                      // users who died and were replaced
	countPutDead                   // connections put though they had failed
	countOpened                    // connections that the soak's own dialers made
	countClosed                    // of these, how many the pool closed
	counters                       // how many counters there are
)

type tally [counters]atomic.Uint64

func (t *tally) add(c counter) { t[c].Add(1) }

// counts are a tally at one moment.
type counts [counters]uint64

func (t *tally) snapshot() counts {
	var c counts
	for i := range t {
		c[i] = t[i].Load()
	}
	return c
}
