//go:build linux

package main

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/slotpool/slotpool/cmd/soak/report"
)

// TestPageIsServedMeanwhile looks at the page during a run, on a connection that is
// kept until the end: the verdict must be clean all the same.
func TestPageIsServedMeanwhile(t *testing.T) {
	t.Parallel()
	cmd := soakCommand(t, "-duration", "4s", "-slots", "16", "-addresses", "40", "-users", "8", "-faults", "none", "-api", "both", "-http", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var output strings.Builder
	looked := false
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		output.WriteString(lines.Text() + "\n")
		_, url, found := strings.Cut(lines.Text(), "look at it: ")
		if !found {
			continue
		}
		looked = true
		answer, err := http.Get(url)
		if err != nil {
			t.Error(err)
			continue
		}
		text, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if !strings.HasPrefix(string(text), "pool connections\n") || !strings.Contains(string(text), "\nconnections ours\n") {
			t.Errorf("the page is %q", text)
		}
	}
	_ = cmd.Wait()
	http.DefaultClient.CloseIdleConnections()
	if !looked {
		t.Error("the output has no address of the page")
	}
	wantStatus(t, report.StatusClean, cmd.ProcessState.ExitCode(), output.String())
}

func TestBadPageAddressIsNamed(t *testing.T) {
	t.Parallel()
	status, output := runSoak(t, "-duration", "1s", "-slots", "4", "-addresses", "10", "-users", "2", "-http", "127.0.0.1:99999")
	wantStatus(t, report.StatusUsage, status, output)
	wantOutput(t, output, "-http 127.0.0.1:99999: ", "invalid port")
}
