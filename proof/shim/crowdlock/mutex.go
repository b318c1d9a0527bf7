// Package crowdlock is internal/crowdlock: to the scheduler a lock like another.
package crowdlock

import "github.com/slotpool/slotpool/proof/sched"

// Mutex is crowdlock.Mutex.
type Mutex = sched.Mutex
