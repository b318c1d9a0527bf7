package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const output1 = `goos: linux
cpu: Some CPU
BenchmarkAlone/users=1/hold=0/impl=slotpool-2 100 10.0 ns/op 0 allocs/op
BenchmarkAlone/users=1/hold=0/impl=slotpool-2 100 12.0 ns/op 0 allocs/op
BenchmarkAlone/users=1/hold=0/impl=slotpool-2 100 11.0 ns/op 0 allocs/op
BenchmarkAlone/users=1/hold=0/impl=puddle-2 100 44.0 ns/op 0 allocs/op
BenchmarkParallel/users=2/hold=0/impl=slotpool-2 100 5.0 ns/op 0 allocs/op
BenchmarkParallel/users=2/hold=0/impl=puddle-2 100 60.0 ns/op 0 allocs/op
BenchmarkParallel/users=2/hold=0/impl=map-2 100 4.0 ns/op 1 allocs/op
BenchmarkConn/users=1/check=none/impl=slotpool-2 100 300 ns/op
BenchmarkConn/users=1/check=none/impl=channel-2 100 80 ns/op
BenchmarkWait/addresses=8/hold=0/impl=slotpool-2 100 5 ns/op 2500000 worst-ns
BenchmarkConn/users=1/check=none/impl=slotpool-2 100 300 ns/op
BenchmarkConn/users=1/check=none/impl=channel-2 100 80 ns/op
BenchmarkWait/addresses=8/hold=0/impl=channel-2 100 5 ns/op 1500 worst-ns
`

func table1(t *testing.T) *table {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bench.txt")
	if err := os.WriteFile(file, []byte(output1), 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := readTable(file)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestReportSaysTheMedianAndHowItStandsToTheGoals(t *testing.T) {
	r := &report{main: table1(t)}
	r.cpu = r.main.cpu
	text := r.markdown()
	for _, want := range []string{
		"| CPU | Some CPU,",
		"alone against puddle: 4.4 times as fast; the goal of 5.0 times is **not met**",
		"parallel against puddle: 12.0 times as fast; the goal of 8.0 times is met",
		"ahead of the contenders in every work, or level: **not met** in\n  - Parallel 2, 0: map 4 ns, slotpool 5 ns\n",
		"alive:\n  - Conn 1, none: channel 80 ns, slotpool 300 ns\n",
		"8, 0: slotpool 2.5 ms (2.5 ms in all counts), channel 1.5 us (1.5 us): no worse is **not met**",
		"| 1, 0 | 11 ns | 44 ns |",
		"Not run: it was not asked for.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("RESULTS.md does not say %q:\n%s", want, text)
		}
	}
	if strings.Count(text, "Allocations in one cycle") != 1 {
		t.Error("want a table of allocations where there are some, and nowhere else")
	}
}

// Counts that fall into a fast and a slow half say nothing taken together, but
// much when each is compared with that of the same process.
func TestSlowerComparesCountByCount(t *testing.T) {
	own, other := cell{"slotpool", "ns/op"}, cell{"channel", "ns/op"}
	for _, c := range []struct {
		own, other []float64
		slower     bool
	}{
		{[]float64{12, 112, 12, 113, 11, 111, 13, 112}, []float64{10, 101, 11, 100, 10, 100, 11, 99}, true},
		{[]float64{10, 101, 11, 100, 10, 100, 11, 99}, []float64{12, 112, 12, 113, 11, 111, 13, 112}, false},
		{[]float64{12, 8, 12, 9, 12, 8, 12, 12}, []float64{10, 10, 10, 10, 10, 10, 10, 10}, false}, // by chance
		{[]float64{12}, []float64{10}, true}, // all that there is
		{nil, []float64{10}, false},
	} {
		r := &row{cells: map[cell][]float64{own: c.own, other: c.other}}
		if got := r.slower("slotpool", "channel", "ns/op"); got != c.slower {
			t.Errorf("%v against %v: slower %v", c.own, c.other, got)
		}
	}
}

func TestPlotHasEachContender(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plot.svg")
	if err := plotResults(table1(t), file); err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">slotpool<", ">puddle<", ">map<", "Get+Put, one user"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("the plot lacks %q", want)
		}
	}
}

func TestBadInputIsNamed(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.txt")
	if err := os.WriteFile(empty, []byte("PASS\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range []options{{count: 0}, {count: 1, from: empty}, {count: 1, from: "nowhere.txt"}} {
		if err := run(o); err == nil || !strings.Contains(err.Error(), o.from) {
			t.Errorf("run(%+v) = %v, want an error that names it", o, err)
		}
	}
}
