package guard

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// TestInstructions counts what one cycle of a hot path executes. Callgrind
// gives the same count each time, unlike a clock; the limits are a tenth to a
// fifth above what was counted, for other compilers. perf stat would do too,
// but needs hardware counters, which virtual machines seldom have.
func TestInstructions(t *testing.T) {
	if _, err := exec.LookPath("valgrind"); err != nil {
		t.Skip("valgrind is not installed")
	}
	binary := filepath.Join(t.TempDir(), "hotpath")
	build := exec.Command("go", "build", "-o", binary, "./hotpath")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, path := range []struct {
		name, function string
		limit          float64
	}{
		{"resource", "main.cycles", 85},
		{"evict", "main.cycles", 1180},
		{"evict-costly", "main.cycles", 1760}, // 1710, somewhat by chance, as its costs are by the clock
		{"conn", "main.connCycles", 155},
		{"pool", "main.poolCycles", 690},
	} {
		t.Run(path.name, func(t *testing.T) {
			const few, many = 10_000, 30_000
			a := instructions(t, binary, path.name, path.function, few)
			b := instructions(t, binary, path.name, path.function, many)
			each := float64(b-a) / (many - few)
			t.Logf("%.1f instructions a cycle, limit %.0f", each, path.limit)
			if each > path.limit {
				t.Errorf("%.1f instructions a cycle, more than %.0f", each, path.limit)
			}
			if each < 10 {
				t.Errorf("%.1f instructions a cycle: the path was not counted", each)
			}
		})
	}
}

var collected = regexp.MustCompile(`Collected : (\d+)`)

func instructions(t *testing.T, binary, path, function string, n int) int64 {
	t.Helper()
	c := exec.Command("valgrind", "--tool=callgrind", "--toggle-collect="+function,
		"--callgrind-out-file="+os.DevNull, binary, path, strconv.Itoa(n))
	c.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m := collected.FindSubmatch(out)
	if m == nil {
		t.Fatalf("callgrind told no count:\n%s", out)
	}
	var count int64
	if _, err := fmt.Sscan(string(m[1]), &count); err != nil {
		t.Fatal(err)
	}
	return count
}
