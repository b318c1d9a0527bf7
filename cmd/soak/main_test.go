//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/report"
	"github.com/slotpool/slotpool/cmd/soak/run"
	"github.com/slotpool/slotpool/cmd/soak/server"
)

// mainEnv in the environment makes the test binary the program itself.
const mainEnv = "SLOTPOOL_SOAK_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(server.Env) != "" || os.Getenv(mainEnv) != "" {
		os.Exit(realMain(os.Args[1:]))
	}
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(max(runtime.GOMAXPROCS(0), 4))); err != nil { // runs mostly wait
		panic(err)
	}
	os.Exit(m.Run())
}

// runTimeout is for a run that hangs.
const runTimeout = 5 * time.Minute

func soakCommand(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], arguments...)
	cmd.Env = append(os.Environ(), mainEnv+"=1")
	return cmd
}

// runSoak runs the program in a process of its own, as the pool is one for a
// process, and returns its exit status and all that it wrote.
func runSoak(t *testing.T, arguments ...string) (status int, output string) {
	t.Helper()
	return runCommand(t, soakCommand(t, arguments...))
}

func runCommand(t *testing.T, cmd *exec.Cmd) (status int, output string) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v\n%s", cmd.Args[1:], err, &out)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

func wantStatus(t *testing.T, want, got int, output string) {
	t.Helper()
	if got != want {
		t.Errorf("exit status %d, want %d; output:\n%s", got, want, output)
	}
}

func wantOutput(t *testing.T, output string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(output, want) {
			t.Errorf("output has no %q:\n%s", want, output)
		}
	}
}

func TestBadUseIsNamed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		arguments string
		want      string
	}{
		{"-duration 5", `invalid value "5" for flag -duration`},
		{"-duration 10ms", "-duration 10ms: at least 1s"},
		{"-nonsense", "flag provided but not defined: -nonsense"},
		{"extra", `unexpected argument "extra"`},
		{"-slots 1", "-slots 1: want 2"},
		{"-api pgx", `-api "pgx": want all, both or resource, pool`},
		{"-api http -target 127.0.0.1:1", `-api "http" needs servers of the soak's own`},
		{"-api inbound", `-api "inbound" has no users of its own`},
		{"-slots 50 -addresses 50", "-addresses 50: want more than the 50 slots"},
		{"-users 0", "-users 0: want"},
		{"-rate 0", "-rate 0: want"},
		{"-rate NaN", "-rate NaN: want"},
		{"-faults close-parked,earthquake", `"earthquake" is not a fault; there are all, none, close-parked`},
		{"-faults reset -target 127.0.0.1:1", `"reset" needs servers of the soak's own`},
		{"-interval 1ms", "-interval 1ms: want"},
		{"-port 70000", "-port 70000: want"},
		{"-port 10000 -target 127.0.0.1:1", "-port 10000 is for the soak's own servers"},
		{"-wait-limit 1s", "-wait-limit 1s: at least 2s"},
		{"-inject fire", `-inject "fire": want one of leak-fd`},
		{"-target 127.0.0.1", `-target "127.0.0.1": want host:port`},
		{"-target 127.0.0.1:0", "port 0 is no server's"},
		{"-target unix:", "no path after unix"},
		{"-target unix:/nonexistent/echo.sock", "-target /nonexistent/echo.sock is no echo server to be reached: dial unix"},
		{"-report " + file, "-report " + file + ": mkdir"},
		{"report", "usage: soak report DIR"},
		{"report /nonexistent", "open /nonexistent/samples.jsonl: no such file"},
	} {
		status, output := runSoak(t, strings.Fields(c.arguments)...)
		if status != report.StatusUsage || !strings.Contains(output, c.want) || strings.Count(output, "\n") != 1 {
			t.Errorf("soak %s: status %d, %q; want status 2 and one line with %q", c.arguments, status, output, c.want)
		}
	}
}

func TestUsageHidesInject(t *testing.T) {
	t.Parallel()
	status, output := runSoak(t, "-help")
	wantStatus(t, report.StatusClean, status, output)
	wantOutput(t, output, "soak report DIR", "-duration", "Faults: close-parked")
	if strings.Contains(output, run.HiddenFlag) {
		t.Errorf("usage shows -%s:\n%s", run.HiddenFlag, output)
	}
}

func TestPortInUseIsNamed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.77.0.1:0") // the address of the first server
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	status, output := runSoak(t, "-duration", "1s", "-addresses", "40", "-slots", "4", "-port", port)
	wantStatus(t, report.StatusUsage, status, output)
	wantOutput(t, output, "-port "+port, "address already in use")
}

func TestLowLimitIsNamed(t *testing.T) {
	t.Parallel()
	cmd := soakCommand(t)
	shell := exec.Command("sh", "-c", `ulimit -n 300 && exec "$0" -duration 1s`, cmd.Path)
	shell.Env = cmd.Env
	status, output := runCommand(t, shell)
	wantStatus(t, report.StatusUsage, status, output)
	wantOutput(t, output, "hard RLIMIT_NOFILE is 300, but -slots 512 with -addresses 1024 needs ")
}

func TestFullDiskIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Symlink("/dev/full", filepath.Join(dir, report.SamplesFile)); err != nil {
		t.Fatal(err)
	}
	status, output := runSoak(t, "-duration", "1s", "-report", dir)
	wantStatus(t, report.StatusUsage, status, output)
	wantOutput(t, output, filepath.Join(dir, report.SamplesFile)+": no space left on device")
}

// The limit on the size of a file stands in for a disk that fills up later.
func TestRunGoesOnWhenDiskFills(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := soakCommand(t)
	shell := exec.Command("sh", "-c", `ulimit -f 16 && exec "$0" "$@"`, cmd.Path)
	shell.Args = append(shell.Args, small("-duration", "6s", "-faults", "none", "-report", dir)...)
	shell.Env = cmd.Env
	status, output := runCommand(t, shell)
	wantStatus(t, report.StatusUsage, status, output)
	wantOutput(t, output, "the run goes on without a report", "VERDICT: clean",
		"soak: writing the report: write "+filepath.Join(dir, report.SamplesFile)+": file too large")
}

func TestReportInUseIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, err := report.NewRecorder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.File.Close()
	status, output := runSoak(t, "-duration", "1s", "-report", dir)
	wantStatus(t, report.StatusUsage, status, output)
	wantOutput(t, output, "-report "+dir+": another run writes to "+report.SamplesFile)
}

func TestSeedRepeatsPlan(t *testing.T) {
	t.Parallel()
	arguments := []string{"-plan", "-duration", "10m", "-seed", "77"}
	_, first := runSoak(t, arguments...)
	_, second := runSoak(t, arguments...)
	if first != second {
		t.Errorf("plans of one seed differ:\n%s\n%s", first, second)
	}
	_, other := runSoak(t, "-plan", "-duration", "10m", "-seed", "78")
	if first == other {
		t.Errorf("plans of two seeds are the same:\n%s", first)
	}
	wantOutput(t, first, "seed 77", "kill-restart", "user 0:")
}
