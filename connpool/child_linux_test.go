package connpool

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/slotpool/slotpool/internal/sysnet"
)

// The global pool is made once for a process, by the limit on descriptors
// that it has then. A test of that runs in a process of its own, which is the
// test binary again with childVariable set.

const childVariable = "SLOTPOOL_TEST_CHILD"

func inChild(t *testing.T) bool { return os.Getenv(childVariable) == t.Name() }

// runChild runs this test alone in a new process, where inChild is true.
func runChild(t *testing.T, environment ...string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(append(os.Environ(), environment...), childVariable+"="+t.Name(),
		"GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE")) // else a second each under -race
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("%v in the child process:\n%s", err, out)
	}
	t.Logf("the child process:\n%s", out)
}

func setLimit(t *testing.T, n uint64) {
	t.Helper()
	if err := sysnet.SetFDLimit(n); err != nil {
		t.Fatal(err)
	}
}

func openFDs(t *testing.T) uint {
	t.Helper()
	n, err := sysnet.OpenFDs()
	if err != nil {
		t.Fatal(err)
	}
	return uint(n)
}

// With the table full, what is open cannot be counted either.
func TestFullTableOfDescriptorsGivesOneSlot(t *testing.T) {
	if !inChild(t) {
		runChild(t)
		return
	}
	setLimit(t, 64)
	var files []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		files = append(files, f)
	}
	if n := GetResourcePool().Stats().Max; n != 1 {
		t.Errorf("%d slots, want 1", n)
	}
	for _, f := range files {
		f.Close()
	}
}
