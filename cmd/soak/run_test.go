//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/faults"
	"github.com/slotpool/slotpool/cmd/soak/report"
	"github.com/slotpool/slotpool/cmd/soak/wire"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// small are the flags of a run that fits in a test.
func small(more ...string) []string {
	return append([]string{
		"-slots", "12", "-addresses", "80", "-users", "40", "-rate", "400", "-interval", "100ms", "-wait-limit", "20s", "-seed", "7",
	}, more...)
}

func readDir(t *testing.T, dir string) *report.History {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, report.SamplesFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := report.ReadHistory(f)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestHealthyRunIsClean has runs that must all be clean. How many it takes until each fault has struck
// and the pool was well used is up to how busy the machine is.
func TestHealthyRunIsClean(t *testing.T) {
	t.Parallel()
	const mostRuns = 8
	duration, gets := "18s", uint64(1000)
	if testing.Short() {
		duration, gets = "8s", 300
	}
	var used resourcepool.Stats
	samples, struck := 0, map[string]bool{}
	exercised := func() bool {
		all := len(struck) == len(faults.All) || testing.Short() // in which not all of the faults come to anything
		return all && samples >= 20 && used.Gets >= gets && used.Evictions != 0 && used.AllocationErrors != 0 && used.CancelledWaits != 0
	}
	for run := 0; !exercised(); run++ {
		if run == mostRuns {
			t.Fatalf("%d runs did not exercise the pool: %+v; %d samples; faults that struck: %v", run, used, samples, struck)
		}
		h := cleanRun(t, duration, 7+run)
		for _, f := range h.Verdict.Faults {
			if f.Struck != 0 {
				struck[f.Name] = true
			}
		}
		samples += len(h.Samples)
		last := h.Samples[len(h.Samples)-1].Pool
		used.Gets += last.Gets
		used.Evictions += last.Evictions
		used.AllocationErrors += last.AllocationErrors
		used.CancelledWaits += last.CancelledWaits
	}
}

// cleanRun makes a run with all faults, which is to be clean.
func cleanRun(t *testing.T, duration string, seed int) *report.History {
	t.Helper()
	dir := t.TempDir()
	status, output := runSoak(t, small("-duration", duration, "-seed", fmt.Sprint(seed), "-report", dir)...)
	wantStatus(t, report.StatusClean, status, output)
	wantOutput(t, output, "VERDICT: clean", fmt.Sprint("seed ", seed), filepath.Join(dir, report.PageFile))
	h := readDir(t, dir)
	if h.Verdict == nil || len(h.Verdict.Faults) != len(faults.All) {
		t.Fatalf("verdict %+v, want one with %d faults", h.Verdict, len(faults.All))
	}
	if len(h.Samples) == 0 {
		t.Fatal("no sample, want about ten a second")
	}
	return h
}

// TestInjectionIsCaughtAndNamed breaks the use of the library in each way there is.
func TestInjectionIsCaughtAndNamed(t *testing.T) {
	t.Parallel()
	long := map[check.Injection]string{
		check.InjectCloseWait:    "20s", // looks are slow on a machine with many connections in TIME_WAIT
		check.InjectHealthyHosts: "30s", // for enough Gets with and without dead hosts
		check.InjectAges:         "20s",
		check.InjectTrendHeap:    "12s",
	}
	quick := []check.Injection{check.InjectDoubleHandout, check.InjectAccounts, check.InjectInbound, check.InjectSlotsUsable}
	for _, c := range []struct {
		inject check.Injection
		faults string
		names  string // in what is said of it
	}{
		{check.InjectLeakFD, "none", "sockets are open, which is more than the 12 slots"},
		{check.InjectLeakGoroutine, "none", "leakedGoroutine"},
		{check.InjectDoubleHandout, "none", "was given to user"},
		{check.InjectForeignAnswer, "none", "answer"},
		{check.InjectLostWakeup, "none", "in a Get of"},
		{check.InjectStaleReuse, "close-parked,half-close,unexpected-bytes", "dead before its Get began"},
		{check.InjectCloseOnce, "none", "was closed twice"},
		{check.InjectErrors, "dial-fail", "an error that no dialer has returned"},
		{check.InjectAccounts, "none", "its users"},
		{check.InjectSlots, "none", " in use, "},
		{check.InjectSlotsUsable, "none", "of 12 slots were taken, a Get of"},
		{check.InjectEmpty, "none", "1 in use, 0 idle"},
		{check.InjectCloseWait, "none", "which is parked, closed it at least"},
		{check.InjectIdleDescriptor, "none", "too many open files) while the connection to"},
		{check.InjectHealthyHosts, "dead-hosts", "ms beside dead hosts"},
		{check.InjectAges, "none", "has been idle for"},
		{check.InjectInbound, "none", "wrong answers"},
		{check.InjectTrendFD, "none", "descriptors/h"},
		{check.InjectTrendGoroutines, "none", "goroutines/h"},
		{check.InjectTrendHeap, "none", "MiB/h"},
	} {
		t.Run(string(c.inject), func(t *testing.T) {
			t.Parallel()
			duration := "8s"
			if testing.Short() {
				duration = "4s"
				if !slices.Contains(quick, c.inject) {
					t.Skip("takes long")
				}
			} else if d := long[c.inject]; d != "" {
				duration = d
			}
			flags := []string{"-faults", c.faults, "-inject", string(c.inject)}
			switch c.inject {
			case check.InjectLostWakeup:
				flags = append(flags, "-wait-limit", "2s")
			case check.InjectLeakGoroutine: // it is waited for in vain
				flags = append(flags, "-wait-limit", "5s")
			case check.InjectAges: // with few evictions
				flags = append(flags, "-api", "pool", "-slots", "79", "-users", "8", "-rate", "10")
			}
			output := wantCaught(t, duration, small(flags...)...)
			wantOutput(t, output, "VERDICT: FAILED", "CHECK FAILED: "+string(c.inject), string(c.inject)+" failed ", c.names)
		})
	}
}

// wantCaught makes a run that is to fail. On a machine with much else to do it may end before it
// has come to that, and be clean: then a longer one is to fail.
func wantCaught(t *testing.T, duration string, flags ...string) (output string) {
	t.Helper()
	d, err := time.ParseDuration(duration)
	if err != nil {
		t.Fatal(err)
	}
	for _, longer := range []time.Duration{1, 2, 4} {
		status := 0
		status, output = runSoak(t, append([]string{"-duration", (longer * d).String()}, flags...)...)
		if status == report.StatusFailed {
			return output
		}
		wantStatus(t, report.StatusClean, status, output)
	}
	t.Errorf("nothing was caught; output:\n%s", output)
	return output
}

// TestPoolAloneIsClean has a Pool in the slots of the process itself.
func TestPoolAloneIsClean(t *testing.T) {
	t.Parallel()
	status, output := runSoak(t, small("-duration", "4s", "-api", "pool")...)
	wantStatus(t, report.StatusClean, status, output)
	wantOutput(t, output, "VERDICT: clean")
}

func TestInterruptEndsWithVerdict(t *testing.T) {
	t.Parallel()
	cmd := soakCommand(t, small("-duration", "1h")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan() // the run has begun
	first := lines.Text()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	var rest strings.Builder
	for lines.Scan() {
		fmt.Fprintln(&rest, lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("soak: %v", err)
	}
	wantOutput(t, first, "soak: seed 7")
	wantOutput(t, rest.String(), "ended early, by interrupt, after", "VERDICT: clean")
}

func TestKilledRunHasReport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := soakCommand(t, small("-duration", "1h", "-report", dir)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	samples := filepath.Join(dir, report.SamplesFile)
	testkit.Eventually(t, "there are samples while running", func() bool {
		text, err := os.ReadFile(samples)
		return err == nil && strings.Count(string(text), `{"sample"`) > 3
	})
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // says that it was killed
	text, err := os.ReadFile(samples)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(samples, append(text, `{"sample":{"t":`...), 0o600); err != nil { // as of a torn write
		t.Fatal(err)
	}
	status, output := runSoak(t, "report", dir)
	wantStatus(t, report.StatusClean, status, output)
	page, err := os.ReadFile(filepath.Join(dir, report.PageFile))
	if err != nil {
		t.Fatal(err)
	}
	wantOutput(t, string(page), "no verdict, the run was killed", "The last line of the samples is incomplete")
}

func TestTargetIsSoaked(t *testing.T) {
	t.Parallel()
	address := testkit.Serve(t, func(c net.Conn) {
		defer c.Close()
		_, _ = io.Copy(c, c)
	})
	status, output := runSoak(t, small("-duration", "4s", "-target", address)...)
	wantStatus(t, report.StatusClean, status, output)
	wantOutput(t, output, "VERDICT: clean", "faults: emfile foreign prlimit dial-fail dial-panic dial-exit dial-slow cancel passing\n")
}

// A target that answers with another's answer is the kind of thing that the
// answer check is for.
func TestForeignAnswerIsCaught(t *testing.T) {
	t.Parallel()
	answers := make(chan []byte, 1)
	address := testkit.Serve(t, func(c net.Conn) { mixUp(c, answers) })
	output := wantCaught(t, "2s", small("-faults", "none", "-target", address)...)
	wantOutput(t, output, "CHECK FAILED: foreign-answer", "answer meant for another")
}

// mixUp answers rightly, but now and then with what another connection asked.
func mixUp(c net.Conn, others chan []byte) {
	defer c.Close()
	for n := 1; ; n++ {
		prefix := make([]byte, wire.FramePrefix)
		if _, err := io.ReadFull(c, prefix); err != nil {
			return
		}
		length, err := wire.FrameLength(prefix)
		if err != nil {
			return
		}
		frame := append(prefix, make([]byte, length-wire.FramePrefix)...)
		if _, err := io.ReadFull(c, frame[wire.FramePrefix:]); err != nil {
			return
		}
		answer := frame
		if n%3 == 0 {
			select {
			case answer = <-others:
			default:
			}
		}
		select {
		case others <- frame:
		default:
		}
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}
