//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// small are the flags of a run that fits in a test.
func small(more ...string) []string {
	return append([]string{
		"-slots", "12", "-addresses", "80", "-users", "40", "-rate", "400", "-interval", "100ms", "-wait-limit", "20s", "-seed", "7",
	}, more...)
}

func readDir(t *testing.T, dir string) *history {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, samplesFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := readHistory(f)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHealthyRunIsClean(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	status, output := runSoak(t, small("-duration", "16s", "-report", dir)...)
	wantStatus(t, statusClean, status, output)
	wantOutput(t, output, "VERDICT: clean", "seed 7", filepath.Join(dir, pageFile))
	h := readDir(t, dir)
	if h.Verdict == nil || len(h.Verdict.Faults) != len(faults) {
		t.Fatalf("verdict %+v, want one with %d faults", h.Verdict, len(faults))
	}
	for _, f := range h.Verdict.Faults {
		if f.Struck == 0 {
			t.Errorf("fault %s never struck", f.Name)
		}
	}
	if len(h.Samples) < 50 {
		t.Errorf("%d samples, want about 150", len(h.Samples))
	}
	last := h.Samples[len(h.Samples)-1].Pool
	if last.Gets < 1000 || last.DeadOnCheck == 0 || last.Evictions == 0 || last.AllocationErrors == 0 || last.CancelledWaits == 0 {
		t.Errorf("the run did not exercise the pool: %+v", last)
	}
}

func TestInjectionIsCaughtAndNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		inject injection
		faults string
		names  string // in what is said of it
	}{
		{injectLeakFD, "none", "20 socket"},
		{injectLeakGoroutine, "none", "leakedGoroutine"},
		{injectDoubleHandout, "none", "was given to user"},
		{injectLostWakeup, "none", "in a Get of"},
		{injectStaleReuse, "close-parked,half-close,unexpected-bytes", "dead before its Get began"},
	} {
		t.Run(string(c.inject), func(t *testing.T) {
			t.Parallel()
			status, output := runSoak(t, small("-duration", "5s", "-wait-limit", "2s", "-faults", c.faults, "-inject", string(c.inject))...)
			wantStatus(t, statusFailed, status, output)
			wantOutput(t, output, "VERDICT: FAILED", "CHECK FAILED: "+string(c.inject), string(c.inject)+" failed ", c.names)
		})
	}
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
	samples := filepath.Join(dir, samplesFile)
	ready := until(func() bool {
		text, err := os.ReadFile(samples)
		return err == nil && strings.Count(string(text), `{"sample"`) > 3
	})
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // says that it was killed
	if !ready {
		t.Fatal("no samples while running")
	}
	text, err := os.ReadFile(samples)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(samples, append(text, `{"sample":{"t":`...), 0o600); err != nil { // as of a torn write
		t.Fatal(err)
	}
	status, output := runSoak(t, "report", dir)
	wantStatus(t, statusClean, status, output)
	page, err := os.ReadFile(filepath.Join(dir, pageFile))
	if err != nil {
		t.Fatal(err)
	}
	wantOutput(t, string(page), "no verdict, the run was killed", "The last line of the samples is incomplete")
}

func TestTargetIsSoaked(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); _, _ = io.Copy(c, c) }()
		}
	}()
	status, output := runSoak(t, small("-duration", "4s", "-target", l.Addr().String())...)
	wantStatus(t, statusClean, status, output)
	wantOutput(t, output, "VERDICT: clean", "faults: emfile dial-fail dial-panic dial-exit dial-slow cancel\n")
}

// A target that answers with another's answer is the kind of thing that the
// answer check is for.
func TestForeignAnswerIsCaught(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	answers := make(chan []byte, 1)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go mixUp(c, answers)
		}
	}()
	status, output := runSoak(t, small("-duration", "2s", "-faults", "none", "-target", l.Addr().String())...)
	wantStatus(t, statusFailed, status, output)
	wantOutput(t, output, "CHECK FAILED: foreign-answer", "answer meant for another")
}

// mixUp answers rightly, but now and then with what another connection asked.
func mixUp(c net.Conn, others chan []byte) {
	defer c.Close()
	for n := 1; ; n++ {
		prefix := make([]byte, framePrefix)
		if _, err := io.ReadFull(c, prefix); err != nil {
			return
		}
		length, err := frameLength(prefix)
		if err != nil {
			return
		}
		frame := append(prefix, make([]byte, length-framePrefix)...)
		if _, err := io.ReadFull(c, frame[framePrefix:]); err != nil {
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
