package connpool

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// TestSystemCalls counts, by strace(1), what the watch costs and what a reuse does.
func TestSystemCalls(t *testing.T) {
	const dials, reuses = 50, 500
	if inChild(t) {
		watchPeers = os.Getenv("SLOTPOOL_TEST_WATCH") != "no"
		callSystem(t, dials, reuses)
		return
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	with, without := countCalls(t, strace, "yes"), countCalls(t, strace, "no")
	const startUp = 2 // of the epoll instance
	more := with["epoll_ctl"] - without["epoll_ctl"]
	t.Logf("%v with the watch, %v without", with, without)
	if more < dials || more > dials+startUp {
		t.Errorf("%d epoll_ctl more for %d dials, want one each", more, dials)
	}
	// Each close discards what is unread with one, too.
	if n := with["recvfrom"]; n < reuses+dials || n > reuses+dials+startUp {
		t.Errorf("%d recvfrom in %d reuses and %d closes, want one each", n, reuses, dials)
	}
}

// countCalls runs this test under strace in a child, with the watch or without.
func countCalls(t *testing.T, strace, watch string) (n map[string]int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	counts := filepath.Join(t.TempDir(), "counts")
	cmd := exec.CommandContext(t.Context(), strace, "-f", "-c", "-o", counts,
		"-e", "trace=epoll_ctl,epoll_wait,recvfrom", self, "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), childVariable+"="+t.Name(), "SLOTPOOL_TEST_WATCH="+watch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("strace cannot trace here: %v\n%s", err, out)
	}
	table, err := os.ReadFile(counts)
	if err != nil {
		t.Fatal(err)
	}
	n = map[string]int{}
	for _, m := range straceLine.FindAllSubmatch(table, -1) {
		if n[string(m[2])], err = strconv.Atoi(string(m[1])); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// straceLine is a line of strace -c: time, seconds, each, calls, perhaps errors, name.
var straceLine = regexp.MustCompile(`(?m)^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$`)

func callSystem(t *testing.T, dials, reuses int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	crs := make([]*ConnResource, dials)
	for i := range crs {
		crs[i] = New("tcp", l.Addr().String())
		mustGet(t, crs[i]).Put() // the peers stay in the queue of the listener
	}
	for i := range reuses {
		mustGetWith(t, crs[i%dials], mustNotDial(t)).Put()
	}
	for _, cr := range crs {
		cr.ScheduleClose()
	}
}
