package resourcepool

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// thing is an AllocateReleaser that checks its own half of the contract:
// Allocate and Release alternate and never overlap.
type thing struct {
	allocate, release func() error // what else to do; nil for nothing
	open              *atomic.Int64
	state             atomic.Int32 // 0 closed, 1 open, 2 in a call
	allocations       atomic.Int64
	releases          atomic.Int64
	faults            atomic.Int64
}

func (f *thing) enter(from int32) {
	if !f.state.CompareAndSwap(from, 2) {
		f.faults.Add(1)
	}
}

func (f *thing) Allocate() (err error) {
	f.enter(0)
	result := int32(0)
	defer func() { f.state.Store(result) }()
	if f.allocate != nil {
		if err = f.allocate(); err != nil {
			return err
		}
	}
	f.allocations.Add(1)
	if f.open != nil {
		f.open.Add(1)
	}
	result = 1
	return nil
}

func (f *thing) Release() error {
	f.enter(1)
	defer f.state.Store(0)
	f.releases.Add(1)
	if f.open != nil {
		f.open.Add(-1)
	}
	if f.release != nil {
		return f.release()
	}
	return nil
}

func (f *thing) check(t *testing.T) {
	t.Helper()
	if n := f.faults.Load(); n != 0 {
		t.Errorf("Allocate and Release overlapped or repeated %d times", n)
	}
}

func mustGet(t *testing.T, r *Resource) {
	t.Helper()
	if err := r.Get(MakeImmediateCanceler()); err != nil {
		t.Fatalf("Get: %v", err)
	}
}

// hold makes a resource and gets it.
func hold(t *testing.T, p *Pool) *Resource {
	t.Helper()
	r := p.Create(&thing{})
	mustGet(t, r)
	return r
}

// wantUsage checks the figures that say who has the slots.
func wantUsage(t *testing.T, p *Pool, inUse, idle, waiting uint) {
	t.Helper()
	st := p.Stats()
	if st.InUse != inUse || st.Idle != idle || st.Waiting != waiting || st.Releasing != 0 {
		t.Fatalf("in use %d, idle %d, releasing %d, waiting %d; want %d, %d, 0, %d",
			st.InUse, st.Idle, st.Releasing, st.Waiting, inUse, idle, waiting)
	}
	if free := p.p.free.Free(); free != int64(st.Max-inUse-idle) {
		t.Fatalf("%d free slots of %d with %d in use and %d idle", free, st.Max, inUse, idle)
	}
}

var errFake = errors.New("fake error")

// watchdog ends the process with the state of the pool and all stacks if the
// test has not called the returned function within a minute beyond d: a lost
// wake-up shows as a test that hangs.
func watchdog(p *Pool, d time.Duration) (stop func()) {
	timer := time.AfterFunc(d+time.Minute, func() {
		fmt.Fprintf(os.Stderr, "stuck: %+v\nfree %d, slot waiters %d\n%s", p.Stats(),
			p.p.free.Free(), p.p.slotWaiters.Load(), testkit.Stacks())
		os.Exit(2)
	})
	return func() { timer.Stop() }
}

func TestMain(m *testing.M) { os.Exit(testkit.Run(m)) }

// stress runs users, each with a number, for so long, and disturb again and
// again meanwhile: once at the least, however busy the machine.
func stress(t *testing.T, d time.Duration, users int, user func(id int, over func() bool), disturb func(i int)) {
	t.Helper()
	var wg sync.WaitGroup
	var over atomic.Bool
	for id := range users {
		wg.Go(func() { user(id, over.Load) })
	}
	for i, began := 0, time.Now(); i == 0 || time.Since(began) < d; i++ {
		disturb(i)
		runtime.Gosched()
	}
	over.Store(true)
	wg.Wait()
}

// stackDepth is the number of its callers.
func stackDepth() int {
	return runtime.Callers(1, make([]uintptr, 1<<10))
}
