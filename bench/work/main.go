package work

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/slotpool/slotpool/connpool"
)

// fanoutDescriptors is the limit at which connpool makes its pool, so that it
// has somewhat over a thousand slots, a tenth of what Fanout has addresses.
const fanoutDescriptors = 1100

// Main is the TestMain of a binary that runs these benchmarks. makePools, which
// may be nil, makes other pools of the process that count descriptors as
// connpool does.
func Main(m *testing.M, makePools func()) {
	if os.Getenv(serverVariable) != "" {
		if err := serve(); err != nil {
			fmt.Fprintln(os.Stderr, "server:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if err := withDescriptors(fanoutDescriptors, func() {
		// The size stays when the limit goes up again, as a rival's does.
		connpool.GetResourcePool().SetMax(uint(processSlots()))
		if makePools != nil {
			makePools()
		}
	}); err != nil {
		fmt.Fprintln(os.Stderr, "limit on descriptors:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// withDescriptors runs f while the process may have no more than limit
// descriptors open.
func withDescriptors(limit uint64, f func()) error {
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		return err
	}
	if old.Cur < 2*limit {
		return fmt.Errorf("%d are too few: the benchmarks need %d", old.Cur, 2*limit)
	}
	low := old
	low.Cur = limit
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
		return err
	}
	f()
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old)
}

// processSlots is how many slots connpool has, and so what its rivals get.
func processSlots() int { return int(connpool.GetResourcePool().Stats().Max) }
