package connpool

import (
	"errors"
	"sync"
	"syscall"

	"github.com/slotpool/slotpool/internal/sysnet"
	"github.com/slotpool/slotpool/resourcepool"
)

const (
	leastReserve = 8
	mostReserve  = 1024
	mostSlots    = 1 << 20
	unknownSlots = 900 // where the system tells no limit
	unknownOpen  = 3   // the standard streams, where it does not tell what is open
)

// globalPool makes the pool at the first call and returns it at every one.
var globalPool = sync.OnceValue(func() *resourcepool.Pool {
	return resourcepool.New(systemSlots(), "connections")
})

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
	reserve := min(max(limit/16, leastReserve), mostReserve)
	if limit <= open || limit-open <= reserve {
		return 1
	}
	return uint(min(limit-open-reserve, mostSlots))
}
