//go:build linux

package report

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Live tells how the run goes: on a terminal by one line that is written over
// at each sample, else by a line now and then.
type Live struct {
	out      io.Writer
	fd       int
	terminal bool
	every    time.Duration
	duration time.Duration

	lock   sync.Mutex
	last   time.Duration
	faults []string
	drawn  bool // the line is on the screen
}

// NewLive tells a run of that duration to out.
func NewLive(out io.Writer, duration time.Duration) *Live {
	l := &Live{out: out, duration: duration, every: min(max(duration/20, 5*time.Second), time.Minute)}
	if f, ok := out.(*os.File); ok {
		l.fd = int(f.Fd())
		l.terminal = term.IsTerminal(l.fd)
	}
	return l
}

// Window says which faults strike from now on.
func (l *Live) Window(faults []string) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.faults = faults
}

// Show tells of a sample, if it is time to.
func (l *Live) Show(m *Sample) {
	l.lock.Lock()
	defer l.lock.Unlock()
	at := time.Duration(m.T * float64(time.Second))
	if !l.terminal && at-l.last < l.every {
		return
	}
	l.last = at
	line := formatLine(m, l.duration-at, l.faults)
	if !l.terminal {
		fmt.Fprintln(l.out, line)
		return
	}
	if width, _, err := term.GetSize(l.fd); err == nil && len(line) > width-1 {
		line = line[:max(width-1, 0)]
	}
	fmt.Fprintf(l.out, "\r%s\x1b[K", line)
	l.drawn = true
}

func formatLine(m *Sample, left time.Duration, faults []string) string {
	total := 0
	for _, n := range m.Descriptors {
		total += n
	}
	now := "none"
	if len(faults) > 0 {
		now = strings.Join(faults, "+")
	}
	return fmt.Sprintf("%v left  %.0f req/s  p50 %.3g ms  p99 %.3g ms  reuse %.0f%%  fds %d  goroutines %d  strikes %d  now: %s",
		max(left, 0).Round(time.Second), m.RequestRate, m.Requests.P50, m.Requests.P99, 100*m.Reuse, total, m.Goroutines, m.Strikes, now)
}

// Say writes a line of its own.
func (l *Live) Say(format string, args ...any) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.drawn {
		fmt.Fprint(l.out, "\r\x1b[K")
		l.drawn = false
	}
	fmt.Fprintf(l.out, format+"\n", args...)
}
