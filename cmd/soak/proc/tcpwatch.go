//go:build linux

package proc

import (
	"context"
	"sync/atomic"
	"time"
)

// TCPWatch looks at the TCP states of the process again and again. A look
// takes long once tens of thousands of connections on the machine are in
// TIME_WAIT, so it has a goroutine and files of its own, and keeps to a
// tenth of the time where the pauses do not get too long for that.
type TCPWatch struct {
	proc    *FS
	servers map[string]bool // as the kernel writes them
	states  atomic.Pointer[map[string]int]

	// Held returns the inodes that users have in hand, Forgotten is told of
	// others that were in CLOSE_WAIT at each look for longer than CloseWaitLimit, and at
	// fewestLooks: a process that was stopped between two has had no time to close them.
	Held      func() map[uint64]bool
	Forgotten func(inode uint64, age time.Duration)
	since     map[uint64]sighting
}

// sighting is when a socket was first seen in CLOSE_WAIT, and at how many looks since.
type sighting struct {
	first time.Time
	looks int
}

const fewestLooks = 4

// CloseWaitLimit is how long a parked connection may stay open after its peer
// closed it.
const CloseWaitLimit = time.Second

const (
	tcpPauses       = 10 // times as long as a look
	longestTCPPause = 2 * time.Second
)

// NewTCPWatch makes one for connections to the servers, as KernelAddress writes
// them.
func NewTCPWatch(servers map[string]bool) (*TCPWatch, error) {
	proc, err := Open()
	w := &TCPWatch{proc: proc, servers: servers}
	w.states.Store(&map[string]int{})
	return w, err
}

// Latest returns the states that were seen last. They are not to be changed.
func (w *TCPWatch) Latest() map[string]int { return *w.states.Load() }

func (w *TCPWatch) look() error {
	d, err := w.proc.Descriptors()
	if err != nil {
		return err
	}
	seen, err := w.proc.Sockets(d.Inodes, w.servers)
	if err != nil {
		return err
	}
	w.states.Store(&seen.States)
	if w.Held != nil {
		w.age(seen.CloseWait, w.Held(), time.Now())
	}
	return nil
}

// age follows the connections that their peer has closed, other than those in
// use, from look to look.
func (w *TCPWatch) age(closeWait []uint64, held map[uint64]bool, now time.Time) {
	since := map[uint64]sighting{}
	for _, inode := range closeWait {
		if held[inode] {
			continue
		}
		s, known := w.since[inode]
		if !known {
			s.first = now
		}
		s.looks++
		since[inode] = s
		if age := now.Sub(s.first); age > CloseWaitLimit && s.looks >= fewestLooks {
			w.Forgotten(inode, age)
		}
	}
	w.since = since
}

// Run looks until ctx ends, at most once in each interval.
func (w *TCPWatch) Run(ctx context.Context, interval time.Duration, trouble func(error)) {
	for {
		begun := time.Now()
		trouble(w.look())
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(interval, min(tcpPauses*time.Since(begun), longestTCPPause))):
		}
	}
}
