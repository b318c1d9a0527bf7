package resourcepool

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
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

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if got != want { // == is the contract
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

func wantPanic(t *testing.T, text string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := recover(); got != text {
			t.Fatalf("panicked with %v, want %q", got, text)
		}
	}()
	f()
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

// stressTime is how long each stress test runs: SLOTPOOL_STRESS, else short.
func stressTime(t *testing.T) time.Duration {
	t.Helper()
	if s := os.Getenv("SLOTPOOL_STRESS"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatalf("SLOTPOOL_STRESS=%q: %v", s, err)
		}
		return d
	}
	if testing.Short() {
		return 200 * time.Millisecond
	}
	return time.Second
}

// watchdog ends the process with the state of the pool and all stacks if the
// test has not called the returned function within a minute beyond d: a lost
// wake-up shows as a test that hangs.
func watchdog(p *Pool, d time.Duration) (stop func()) {
	timer := time.AfterFunc(d+time.Minute, func() {
		buf := make([]byte, 1<<20)
		fmt.Fprintf(os.Stderr, "stuck: %+v\nfree %d, slot waiters %d\n%s", p.Stats(),
			p.p.free.Free(), p.p.slotWaiters.Load(), buf[:runtime.Stack(buf, true)])
		os.Exit(2)
	})
	return func() { timer.Stop() }
}

func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		code = checkGoroutines()
	}
	os.Exit(code)
}

// checkGoroutines reports goroutines of this module that outlive the tests.
func checkGoroutines() int {
	var stacks string
	for deadline := time.Now().Add(5 * time.Second); ; {
		buf := make([]byte, 1<<20)
		stacks = string(buf[:runtime.Stack(buf, true)])
		_, others, _ := strings.Cut(stacks, "\n\n") // the first is this one
		if !strings.Contains(others, "slotpool/resourcepool") {
			return 0
		}
		if time.Now().After(deadline) {
			fmt.Fprintln(os.Stderr, "goroutines leaked:\n"+others)
			return 1
		}
		runtime.Gosched()
	}
}
