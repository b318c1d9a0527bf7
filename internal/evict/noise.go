package evict

import (
	"sync"
	"sync/atomic"
)

// noise tells how far the costs of addresses may be believed. On a busy machine the
// same dial takes 100 us now and 5 ms later, and who chooses victims by such
// figures dials a sixth more often than without any.
//
// An address that is dialled again shows how far apart two costs of the same are.
// If that is as far as those of any two, the costs tell nothing, and all count the
// same. If it is nothing, each is what it seems. Between them lies the share of the
// variance that is between addresses (the intraclass correlation), by which each
// cost is drawn to one for all. Everything is in powers of two, and follows the last
// Allocates.
type noise struct {
	lock   sync.Mutex // only tried, as a sample more or less does not matter
	mean   average
	total  average // variance of all
	within average // and of the same address

	believed atomic.Uint32 // the share, in wholes, from 1 on; 0 for a whole too
}

const (
	whole     = 8  // steps, so that small changes of the share change nothing
	nominal   = 20 // the cost that all are drawn to: no matter which, but always the same
	doubt     = 1.25
	averageOf = 256 // Allocates
)

// average is one of the last samples, or of all as long as they are few.
type average struct {
	value float64
	of    float64
}

func (a *average) add(x float64) {
	a.of = min(a.of+1, averageOf)
	a.value += (x - a.value) / a.of
}

// learn takes in that what cost before, or 0 for the first time, costs now.
func (o *noise) learn(before, now uint8) {
	if now == 0 || !o.lock.TryLock() {
		return
	}
	defer o.lock.Unlock()
	k := float64(now)
	o.mean.add(k)
	o.total.add((k - o.mean.value) * (k - o.mean.value))
	if before != 0 {
		d := k - float64(before)
		o.within.add(d * d / 2)
	}
	share := 1.0
	if o.within.value != 0 {
		share = max(1-doubt*o.within.value/o.total.value, 0)
	}
	o.believed.Store(1 + uint32(share*whole))
}

// worth is the power of two that counts for a cost of one.
func (o *noise) worth(cost uint8) uint8 {
	share := int(o.believed.Load()) - 1
	if share < 0 || share == whole {
		return cost
	}
	return uint8((int(cost)*share + nominal*(whole-share) + whole/2) / whole)
}

// worth is what an Allocate of n counts for, in nanoseconds.
func (s *List) worth(n *Node) uint64 { return 1 << s.pool.noise.worth(n.cost) }
