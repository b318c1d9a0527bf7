package main

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/slotpool/slotpool/proof/internal/copied"
)

// command runs a go command with one more variable in its environment, and ends all
// that it has started if it takes longer than limit.
func (b *bench) command(ctx context.Context, dir string, limit time.Duration, env string, args ...string) (out []byte, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it took more than %v", limit))
	defer cancel()
	c := copied.Command(dir, args...)
	var text bytes.Buffer
	c.Stdout, c.Stderr = &text, &text
	c.Env = append(c.Env, "GOTMPDIR="+b.temp(), "SLOTPOOL_PATIENCE=10s", env) // most are to fail
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) })
	err = c.Wait()
	if !stop() {
		return text.Bytes(), context.Cause(ctx)
	}
	return text.Bytes(), err
}

// ending is how a run of tests ended.
type ending struct {
	by      string // what has failed; "" if nothing
	hung    bool   // that is a test which did not end
	err     error  // it says nothing about the tests
	verdict verdict
	said    string // the beginning of what it printed as errors
}

var (
	ran      = regexp.MustCompile(`(?m)^ok  \t.*$`)
	failures = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)
	started  = regexp.MustCompile(`(?m)^=== RUN +(\S+)`)
	died     = regexp.MustCompile(`(?m)^(panic: .*|fatal error: .*)`)
	said     = regexp.MustCompile(`(?m)^\s+\S+\.go:\d+: .*$`)
	unended  = regexp.MustCompile(`(?s)panic: test timed out after.*?running tests:\s*(\S+)`)
)

// endingOf reads the output of go test.
func endingOf(out []byte, err error) ending {
	switch {
	case err == nil:
		for _, line := range ran.FindAll(out, -1) {
			if !bytes.Contains(line, []byte("[no tests to run]")) {
				return ending{}
			}
		}
		return ending{verdict: broken, err: fmt.Errorf("no test was run")}
	case bytes.Contains(out, []byte("[build failed]")), bytes.Contains(out, []byte("[setup failed]")):
		return ending{verdict: noBuild, err: fmt.Errorf("%s", oneLine(out))}
	}
	if m := unended.FindSubmatch(out); m != nil {
		return ending{by: string(m[1]) + " does not end", hung: true}
	}
	if by := firstFailure(out); by != "" {
		return ending{by: by, said: errorsIn(out, by)}
	}
	return ending{verdict: broken, err: fmt.Errorf("%w: %s", err, oneLine(out))}
}

// firstFailure names the innermost test that failed first, or what ended the process and the
// test that ran then.
func firstFailure(out []byte) (by string) {
	for _, m := range failures.FindAllSubmatch(out, -1) {
		if name := string(m[1]); by == "" || strings.HasPrefix(name, by+"/") {
			by = name
		}
	}
	if m := died.FindSubmatch(out); by == "" && m != nil {
		if all := started.FindAllSubmatch(out, -1); len(all) > 0 {
			by = string(all[len(all)-1][1]) + ": "
		}
		by += string(m[1])
	}
	return by
}

// errorsIn are the first few lines of the test's own.
func errorsIn(out []byte, test string) (lines string) {
	if _, after, ok := bytes.Cut(out, []byte("=== RUN   "+test+"\n")); ok {
		out = after
	}
	for _, line := range said.FindAll(out, 5) {
		lines += "\n" + string(line)
	}
	return lines
}

// oneLine is the first that says something.
func oneLine(out []byte) string {
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "===") {
			return line
		}
	}
	return "no output"
}
