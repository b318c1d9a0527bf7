package main

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/internal/sysnet"
	"github.com/slotpool/slotpool/resourcepool"
)

// looking keeps one look at the descriptors from counting that of another.
var looking sync.Mutex

// openFDs returns 0 where the system does not tell.
func openFDs() int {
	looking.Lock()
	defer looking.Unlock()
	n, err := sysnet.OpenFDs()
	if err != nil {
		return 0
	}
	return n
}

func (d *demo) watchDescriptors() {
	for !d.over.Load() {
		d.peak.Store(max(d.peak.Load(), int64(openFDs())))
		time.Sleep(5 * time.Millisecond)
	}
}

func (d *demo) showProgress() {
	every, end := time.Second, "\n"
	if info, err := os.Stdout.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		every, end = 200*time.Millisecond, "\r" // a terminal: one live line
	}
	started := time.Now()
	for !d.over.Load() {
		time.Sleep(min(every, d.duration))
		st := connpool.GetResourcePool().Stats()
		fmt.Printf("%5.1f s  %8d requests  %4.1f %% reused  %3d in use  %3d idle  %4d descriptors%s",
			time.Since(started).Seconds(), d.requests.Load(), share(st), st.InUse, st.Idle, openFDs(), end)
	}
	fmt.Println()
}

func share(st resourcepool.Stats) float64 {
	if st.Gets == 0 {
		return 0
	}
	return 100 * float64(st.Reuses) / float64(st.Gets)
}

// settled waits until no more than want descriptors are open, or it is clear
// that this will not happen, and returns how many are.
func settled(want int) int {
	for deadline := time.Now().Add(time.Minute); openFDs() > want && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	return openFDs()
}

// allocationsName says so if the page made each Get take a stack.
func (d *demo) allocationsName() string {
	if d.pool.HoldWarning > 0 {
		return "allocations a reuse and stack"
	}
	return "allocations a reuse"
}

func (d *demo) report(st resourcepool.Stats, reuseAllocations float64, start, end int) error {
	for _, row := range []struct {
		name  string
		value any
	}{
		{"requests", d.requests.Load()},
		{"failed requests", d.failed.Load()},
		{"asked again after a hang-up", d.retries.Load()},
		{"reused", fmt.Sprintf("%.1f %%", share(st))},
		{"dials", st.Allocations},
		{"evictions", st.Evictions},
		{"parked connections found dead", st.DeadOnCheck},
		{"descriptors at start", start},
		{"descriptors at most", d.peak.Load()},
		{"descriptors at end", end},
		{d.allocationsName(), fmt.Sprintf("%.2f", reuseAllocations)},
	} {
		fmt.Printf("  %-30s %12v\n", row.name, row.value)
	}
	bad := 0
	complain := func(format string, args ...any) {
		fmt.Printf("BAD: "+format+"\n", args...)
		bad++
	}
	if n := d.failed.Load(); n != 0 {
		complain("%d requests failed, the last with: %v", n, *d.lastError.Load())
	}
	if end > start {
		complain("%d descriptors leaked", end-start)
	}
	if limit := int64(start) + int64(d.slots) + int64(d.pageFDs); start != 0 && d.peak.Load() > limit {
		complain("%d descriptors open, %d at start and %d slots", d.peak.Load(), start, d.slots)
	}
	if bad != 0 {
		return errVerdict
	}
	fmt.Println("GOOD: all requests were answered, all descriptors came back")
	fmt.Println(`To look at it while it runs: make demo ARGS="-http localhost:8080 -duration 1m", and a browser or curl at http://localhost:8080/`)
	return nil
}
