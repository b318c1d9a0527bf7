//go:build linux

package main

import (
	"context"
	"sync/atomic"
	"time"
)

// tcpWatch looks at the TCP states of the process again and again. A look
// takes long once tens of thousands of connections on the machine are in
// TIME_WAIT, so it has a goroutine and files of its own, and keeps to a
// tenth of the time.
type tcpWatch struct {
	proc    *procFS
	servers map[string]bool // as the kernel writes them
	states  atomic.Pointer[map[string]int]
}

const tcpPauses = 10 // times as long as a look

func newTCPWatch(servers map[string]bool) (*tcpWatch, error) {
	proc, err := openProc()
	w := &tcpWatch{proc: proc, servers: servers}
	w.states.Store(&map[string]int{})
	return w, err
}

// latest returns the states that were seen last. They are not to be changed.
func (w *tcpWatch) latest() map[string]int { return *w.states.Load() }

func (w *tcpWatch) look() error {
	d, err := w.proc.descriptors()
	if err != nil {
		return err
	}
	states, err := w.proc.sockets(d.inodes, w.servers)
	if err != nil {
		return err
	}
	w.states.Store(&states)
	return nil
}

// run looks until ctx ends, at most once in each interval.
func (w *tcpWatch) run(ctx context.Context, interval time.Duration, trouble func(error)) {
	for {
		begun := time.Now()
		trouble(w.look())
		if !pause(ctx, max(interval, tcpPauses*time.Since(begun))) {
			return
		}
	}
}
