package integration

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/sysnet"
	"github.com/slotpool/slotpool/internal/testkit"
)

// A test that has clients runs in a process of its own, with few descriptors
// and so with few slots. It is the test binary again, with childVariable set. What is a
// server to it, or a client that is not limited, is another process too.

const (
	childVariable  = "SLOTPOOL_INTEGRATION_CHILD"
	helperVariable = "SLOTPOOL_INTEGRATION_HELPER"
)

func TestMain(m *testing.M) {
	if what := os.Getenv(helperVariable); what != "" {
		help(what)
	}
	code := testkit.Run(m)
	removeCluster()
	os.Exit(code)
}

// limited runs the test again in a new process and returns false, or, in that
// process, returns true. There the test calls limit when its servers run.
func limited(t *testing.T) bool {
	t.Helper()
	if os.Getenv(childVariable) == t.Name() {
		return true
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	most := 3 * testkit.Patience // so that what a test waits for is named before
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout="+most.String())
	cmd.Env = append(os.Environ(), childVariable+"="+t.Name())
	cmd.SysProcAttr = endsWithUs()
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("%v in the child process:\n%s", err, out)
	}
	t.Logf("the child process:\n%s", out)
	return false
}

// budget is what a test may have open.
type budget struct {
	t     *testing.T
	limit uint64
	open  int // before there were clients
}

// limit is ulimit -n, for this process. What is open now is the baseline.
func limit(t *testing.T, n uint64) *budget {
	t.Helper()
	open, err := sysnet.OpenFDs()
	if err != nil {
		t.Fatal(err)
	}
	if err := sysnet.SetFDLimit(n); err != nil {
		t.Fatal(err)
	}
	return &budget{t, n, open}
}

// back waits until no more is open than at first.
func (b *budget) back() {
	b.t.Helper()
	testkit.Eventually(b.t, "descriptors are back at "+strconv.Itoa(b.open), func() bool {
		open, err := sysnet.OpenFDs()
		return err == nil && open <= b.open+runtimesOwn
	})
}

// runtimesOwn is what the Go runtime's poller and the watch of parked
// connections open once and keep.
const runtimesOwn = 4

// help is the life of a helper process, which ends when it is killed.
func help(what string) {
	if err := helpers[what](os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
