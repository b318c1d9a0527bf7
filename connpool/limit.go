package connpool

import (
	"errors"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/slotpool/slotpool/internal/sysnet"
	"github.com/slotpool/slotpool/resourcepool"
)

const (
	leastReserve = 8
	mostReserve  = 1024
	mostSlots    = 1 << 20
	unknownSlots = 900 // where the system tells no limit
	unknownLimit = unknownSlots + unknownSlots/15
	unknownOpen  = 3 // the standard streams, where it does not tell what is open
)

// globalPool makes the pool at the first call and returns it at every one. A
// call is also an occasion to see whether it has still the right size.
var globalPool = func() *resourcepool.Pool {
	p := makePool()
	theSizer.look(nil)
	return p
}

var makePool = sync.OnceValue(func() *resourcepool.Pool {
	p := resourcepool.New(systemSlots(), "connections")
	theSizer.follow(p)
	madePool.Store(p)
	return p
})

// madePool is the pool of makePool once that was called.
var madePool atomic.Pointer[resourcepool.Pool]

// theSizer is that of the one pool whose size follows the process.
var theSizer = &sizer{gate: theGate, every: countEvery}

func systemSlots() uint {
	limit, err := sysnet.FDLimit()
	if err != nil {
		return unknownSlots
	}
	open, err := sysnet.OpenFDs()
	switch {
	case errors.Is(err, syscall.EMFILE):
		return slotsFor(limit, limit) // not even one left to look with
	case err != nil:
		open = unknownOpen
	}
	return slotsFor(limit, uint64(open))
}

// slotsFor is how many slots a limit on descriptors allows when open of them
// are taken: what GetResourcePool documents. It cannot wrap: each subtraction
// is from the larger number.
func slotsFor(limit, open uint64) uint {
	reserve := reserveFor(limit)
	if limit <= open || limit-open <= reserve {
		return 1
	}
	return uint(min(limit-open-reserve, mostSlots))
}

func reserveFor(limit uint64) uint64 { return min(max(limit/16, leastReserve), mostReserve) }

// permitsFor is how many of the reserve may be sockets that a dial has beside
// that of its slot. The other half is left to the program.
func permitsFor(limit uint64) uint { return uint(reserveFor(limit) / 2) }
