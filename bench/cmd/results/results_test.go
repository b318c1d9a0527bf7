package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

const output1 = `commit: abc123
go: go1.26
goos: linux
cpu: Some CPU
BenchmarkAlone/users=1/hold=0/impl=slotpool-2 100 10.0 ns/op 0 allocs/op
BenchmarkAlone/users=1/hold=0/impl=slotpool-2 100 12.0 ns/op 0 allocs/op
BenchmarkAlone/users=1/hold=0/impl=slotpool-2 100 11.0 ns/op 0 allocs/op
BenchmarkAlone/users=1/hold=0/impl=puddle-2 100 44.0 ns/op 0 allocs/op
BenchmarkAlone/users=1/hold=0/impl=floor-2 100 9.0 ns/op 0 allocs/op
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

// output2 has a work with a unit and an axis that the tool has never heard of.
const output2 = `cpu: Some CPU
BenchmarkGale/wind=strong/impl=slotpool-2 100 10.0 ns/op 3 gusts/op
BenchmarkGale/wind=strong/impl=channel-2 100 30.0 ns/op 4 gusts/op
BenchmarkGale/wind=strong/impl=slotpool-group-2 100 1.0 ns/op 4 gusts/op
BenchmarkGale/sea=calm/wind=weak/impl=slotpool-2 100 10.0 ns/op 1 gusts/op
BenchmarkGale/sea=calm/wind=weak/impl=channel-2 100 20.0 ns/op 2 gusts/op
`

const output3 = `cpu: Some CPU
BenchmarkAlone/users=1/hold=0/impl=slotpool-2 100 20.0 ns/op
BenchmarkAlone/users=1/hold=0/impl=reference-2 100 100.0 ns/op
`

// report1 is what is made of these outputs, each a file.
func report1(t *testing.T, outputs ...string) *report {
	t.Helper()
	var files []string
	for i, text := range outputs {
		file := filepath.Join(t.TempDir(), strconv.Itoa(i)+".txt")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	r := &report{}
	var err error
	if r.main, r.reference, err = readTables(files); err != nil {
		t.Fatal(err)
	}
	return r
}

func wantParts(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, want := range parts {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

func TestReportSaysHowSlotpoolStandsToTheGoals(t *testing.T) {
	wantParts(t, report1(t, output1).markdown(),
		"alone against puddle: 4.4 times as fast; the goal of 5.0 times is **not met**",
		"parallel against puddle: 12.0 times as fast; the goal of 8.0 times is met",
		"ahead of the contenders in every work, or level: **not met** in\n  - Parallel 2, 0: map 4 ns, slotpool 5 ns\n",
		"alive:\n  - Conn 1, none: channel 80 ns, slotpool 300 ns\n",
		"8, 0: slotpool 2.5 ms (2.5 ms in all counts), channel 1.5 us (1.5 us): no worse is **not met**",
	)
}

// Figures from a saved file are of the commit that it names, and not of the one
// that is checked out when they are read.
func TestReportOfSavedOutputSaysWhatTheOutputIsOf(t *testing.T) {
	wantParts(t, report1(t, output1).markdown(),
		"| cpu | Some CPU |", "| threads | 2 |", "| commit | abc123 |", "| go | go1.26 |", "| date | not recorded |")
	wantParts(t, report1(t, output1, "commit: def456\n"+output2).markdown(), "| commit | abc123; def456 |")
}

func TestHeaderOfARunIsRead(t *testing.T) {
	var header strings.Builder
	if err := (options{count: 3, benchtime: "7ms", bench: "A|B"}).writeHeader(&header); err != nil {
		t.Fatal(err)
	}
	wantParts(t, report1(t, header.String()+output2).markdown(),
		"| command | `go run ./cmd/results -count 3 -benchtime 7ms -bench 'A\\|B'` |", "| go | "+runtime.Version()+" |")
}

func TestCrowdRunsForLongEnough(t *testing.T) {
	for given, want := range map[string]string{"100ms": "2s", "3s": "3s", "5x": "5x"} {
		if got := (options{benchtime: given}).atLeast(crowdTime).benchtime; got != want {
			t.Errorf("with -benchtime %s the crowd runs for %s, want %s", given, got, want)
		}
	}
}

func TestSummaryHasTheWorstRowAndTheMeanOfAll(t *testing.T) {
	wantParts(t, report1(t, output1, output2, output3).markdown(),
		"| [Alone](results/alone.md) | the only row | time for one cycle | 11 ns | puddle 44 ns | 4 |  |\n",
		"| [Parallel](results/parallel.md) | the only row | time for one cycle | 5 ns | map 4 ns | 0.8 |  |\n",
		"| [Wait](results/wait.md) | the only row | wait, longest | 2.5 ms | channel 1.5 us | 0.0006 |  |\n",
		"| [Gale](results/gale.md) | wind weak, sea calm | time for one cycle | 10 ns | channel 20 ns | 2 | 2.45 (2 rows) |\n",
		"| [Alone](results/alone.md) | the only row | time for one cycle | 20 ns | reference 100 ns | 5 |  |\n")
}

// Only slotpool looks there whether the connection is alive.
func TestSummaryLeavesOutWhatCannotBeCompared(t *testing.T) {
	if text := report1(t, output1).markdown(); strings.Contains(text, "| [Conn]") {
		t.Errorf("the summary compares Conn with check=none:\n%s", text)
	}
}

func TestEachWorkHasAFileWithAllItsTables(t *testing.T) {
	r := report1(t, output1, output2, output3)
	dir := t.TempDir()
	if err := r.write(dir); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	wantParts(t, read("results/alone.md"), "| 1, 0 | 11 ns | 44 ns | 9 ns |", "## With the reference", "| 1, 0 | 20 ns | 100 ns |")
	wantParts(t, read("results/gale.md"), "| wind, sea | slotpool | channel | slotpool-group |", "gusts/op\n\n", "| weak, calm | 1 | 2 | |")
	wantParts(t, read("RESULTS.md"), "- [Gale](results/gale.md)\n", "(results/benchstat-reference.txt)")
	wantParts(t, read("results/benchstat.txt"), "Alone/users=1/hold=0")
	wantParts(t, read("results/benchstat-reference.txt"), "reference")
	for name, want := range map[string]int{"results/alone.md": 0, "results/parallel.md": 1} {
		if strings.Count(read(name), "Allocations in one cycle") != want {
			t.Errorf("%s: want a table of allocations where there are some, and nowhere else", name)
		}
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
	if err := plotResults(report1(t, output1).main, file); err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wantParts(t, string(svg), ">slotpool<", ">puddle<", ">map<", "Get+Put, one user")
}

func TestBadInputIsNamed(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.txt")
	if err := os.WriteFile(empty, []byte("PASS\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	only := filepath.Join(t.TempDir(), "reference.txt")
	if err := os.WriteFile(only, []byte(output3), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range []options{{count: 0}, {count: 1, from: empty}, {count: 1, from: "nowhere.txt"}, {count: 1, from: only}} {
		if err := run(o); err == nil || !strings.Contains(err.Error(), o.from) {
			t.Errorf("run(%+v) = %v, want an error that names it", o, err)
		}
	}
}
