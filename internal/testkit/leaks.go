// Package testkit has what the tests of several packages share.
package testkit

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Patience is how long a test waits before it gives up on what must happen. Nothing that goes
// well waits for it, so it is far above what a busy machine takes. SLOTPOOL_PATIENCE, such as 10s,
// is another: of those who run tests that are to fail.
var Patience = patience()

func patience() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("SLOTPOOL_PATIENCE")); err == nil && d > 0 {
		return d
	}
	return time.Minute
}

// Run runs the tests and returns the exit status, which is 1 also if they left
// a goroutine or a descriptor behind. It names what was left.
func Run(m *testing.M) int {
	before := Descriptors()
	if code := m.Run(); code != 0 {
		return code
	}
	for deadline := time.Now().Add(Patience); ; time.Sleep(time.Millisecond) {
		leaked := LeakedDescriptors(before) + leakedGoroutines()
		if leaked == "" {
			return 0
		}
		if time.Now().After(deadline) {
			fmt.Fprint(os.Stderr, "left behind by the tests:\n"+leaked)
			return 1
		}
	}
}

// Descriptors maps the number of each open descriptor to what it is, where
// the system has /proc.
func Descriptors() map[string]string {
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

// LeakedDescriptors names, a line each, what is open and was not before.
func LeakedDescriptors(before map[string]string) string {
	var leaked strings.Builder
	for fd, what := range Descriptors() {
		runtimesOwn := what == "anon_inode:[eventpoll]" || what == "anon_inode:[eventfd]"
		if before[fd] != what && !runtimesOwn {
			fmt.Fprintf(&leaked, "descriptor %s: %s\n", fd, what)
		}
	}
	return leaked.String()
}

// leakedGoroutines returns the stacks of this module's goroutines but this, and
// but the one that watches connections, which lasts as long as the process.
func leakedGoroutines() string {
	_, others, _ := strings.Cut(Stacks(), "\n\n")
	for stack := range strings.SplitSeq(others, "\n\n") {
		if strings.Contains(stack, "slotpool/") && !strings.Contains(stack, "sysnet.(*epoll).run(") {
			return others + "\n"
		}
	}
	return ""
}

// Stacks returns the stacks of all goroutines, the caller's first.
func Stacks() string {
	buf := make([]byte, 1<<20)
	return string(buf[:runtime.Stack(buf, true)])
}
