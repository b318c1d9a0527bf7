package connpool

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const patience = 10 * time.Second // until a test gives up on what must happen

// TestMain fails if the tests leave a goroutine or a descriptor behind, and
// names it.
func TestMain(m *testing.M) {
	before := descriptors()
	code := m.Run()
	if code == 0 {
		code = checkLeaks(before)
	}
	os.Exit(code)
}

func checkLeaks(before map[string]string) int {
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		leaked := leakedDescriptors(before) + leakedGoroutines()
		if leaked == "" {
			return 0
		}
		if time.Now().After(deadline) {
			fmt.Fprint(os.Stderr, "left behind by the tests:\n"+leaked)
			return 1
		}
	}
}

// descriptors maps the number of each open descriptor to what it is, where
// the system has /proc.
func descriptors() map[string]string {
	open := map[string]string{}
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		// The one that ReadDir had open is closed by now, and has no link.
		if what, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); err == nil {
			open[e.Name()] = what
		}
	}
	return open
}

func leakedDescriptors(before map[string]string) string {
	var leaked strings.Builder
	for fd, what := range descriptors() {
		runtimesOwn := what == "anon_inode:[eventpoll]" || what == "anon_inode:[eventfd]"
		if before[fd] != what && !runtimesOwn {
			fmt.Fprintf(&leaked, "descriptor %s: %s\n", fd, what)
		}
	}
	return leaked.String()
}

// leakedGoroutines returns the stacks of this module's goroutines but this.
func leakedGoroutines() string {
	_, others, _ := strings.Cut(stacks(), "\n\n")
	if !strings.Contains(others, "slotpool/") {
		return ""
	}
	return others + "\n"
}

func stacks() string {
	buf := make([]byte, 1<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

// eventually polls until cond is true.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
