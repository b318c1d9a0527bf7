//go:build linux

package run

import (
	"fmt"

	"github.com/slotpool/slotpool/cmd/soak/proc"
	"github.com/slotpool/slotpool/connpool"
)

// headroom is for the soak's own descriptors beyond the pool's reserve: a
// server that is restarted, a report.
const headroom = 64

// serverReserve is what the server needs besides a listener per address: the
// connections of all slots, and those that it makes itself to fill backlogs.
const serverReserve = 512

// checkLimit reports a limit that is too low for what is wanted.
func checkLimit(slots, addresses int, ownServers bool) error {
	hard, err := proc.HardLimit()
	if err != nil {
		return err
	}
	need := uint64(slots + 2*headroom + slots/8)
	if ownServers {
		need = max(need, uint64(addresses+2*slots+serverReserve))
	}
	if hard < need {
		return fmt.Errorf("hard RLIMIT_NOFILE is %d, but -slots %d with -addresses %d needs %d: raise it (ulimit -Hn) or ask for less",
			hard, slots, addresses, need)
	}
	return nil
}

// makePool makes the global pool with exactly slots slots, by a limit on
// descriptors that leaves just so many, and leaves that limit with some
// headroom in force. It returns the limit.
func makePool(slots int) (uint64, error) {
	low, high := uint64(1), uint64(2*slots+4*headroom)
	// The pool counts the descriptors that are open and keeps a reserve. How
	// many slots a limit gives is found from its documentation.
	open, err := proc.OpenDescriptors()
	if err != nil {
		return 0, err
	}
	for low < high {
		middle := (low + high) / 2
		if slotsWithin(middle, open) < slots {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if err := proc.SetLimit(low); err != nil {
		return 0, err
	}
	got := connpool.GetResourcePool().Stats().Max
	if got != uint(slots) {
		return 0, fmt.Errorf("the pool has %d slots under RLIMIT_NOFILE %d with %d descriptors open, not the %d that its documentation promises",
			got, low, open, slots)
	}
	// The size follows the limit, and would grow by the headroom.
	connpool.GetResourcePool().SetMax(uint(slots))
	return low + headroom, proc.SetLimit(low + headroom)
}

// slotsWithin is what connpool.GetResourcePool documents.
func slotsWithin(limit uint64, open int) int {
	reserve := min(max(limit/16, 8), 1024)
	return max(int(limit)-open-int(reserve), 1)
}
