//go:build linux

package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// States of listeners, which last until a command opCalm for them.
const (
	OpNoAnswer    = "no-answer"
	OpSlowAccept  = "slow-accept"
	OpRefuse      = "refuse"
	OpFullBacklog = "full-backlog"
	OpCloseUnread = "close-unread"
	OpStopReading = "stop-reading"
	OpCalm        = "calm"
)

const (
	acceptDelay = 150 * time.Millisecond
	fullBacklog = 4096
	mostFillers = 4
	fillPause   = 50 * time.Millisecond // between two looks whether it is full
)

// state is one way to misbehave, and how often it came to that.
type state struct {
	on     atomic.Bool
	events atomic.Uint64
}

// strikes reports whether the state is on, and if so counts one event.
func (s *state) strikes() bool {
	if !s.on.Load() {
		return false
	}
	s.events.Add(1)
	return true
}

func (s *state) end() uint64 {
	s.on.Store(false)
	return s.events.Swap(0)
}

// listener is the server at one endpoint.
type listener struct {
	Endpoint
	server *server

	mute, slow, unread, deaf state

	lock    sync.Mutex
	l       net.Listener  // nil while refusing
	held    chan struct{} // closed when accepting may go on; nil if it may
	fillers []net.Conn    // connections that fill the backlog
}

func (l *listener) open() error {
	if l.Network == "unix" {
		_ = os.Remove(l.Address)
	}
	opened, err := net.Listen(l.Network, l.Address)
	if err != nil {
		return err
	}
	if u, ok := opened.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false) // a refused dial shall find the socket
	}
	l.lock.Lock()
	l.l = opened
	l.lock.Unlock()
	go l.accept(opened)
	return nil
}

func (l *listener) accept(from net.Listener) {
	for {
		l.lock.Lock()
		held := l.held
		l.lock.Unlock()
		if held != nil {
			<-held
		}
		raw, err := from.Accept()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			continue // woken to see that it is held
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			fmt.Fprintln(os.Stderr, "soak server:", err)
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if l.slow.strikes() {
			time.Sleep(acceptDelay)
		}
		p := &peer{listener: l, raw: raw, conn: raw}
		if l.TLS {
			p.conn = tls.Server(raw, l.server.tls)
		}
		go p.serve()
	}
}

// disturb puts the listener in a state and returns 1 if that counts as struck
// by itself, rather than by what comes of it.
func (l *listener) disturb(op string) (uint64, error) {
	switch op {
	case OpNoAnswer:
		l.mute.on.Store(true)
	case OpSlowAccept:
		l.slow.on.Store(true)
	case OpCloseUnread:
		l.unread.on.Store(true)
	case OpStopReading:
		l.deaf.on.Store(true)
	case OpRefuse:
		return l.refuse(), nil
	case OpFullBacklog:
		return l.fill()
	default:
		return 0, fmt.Errorf("unknown command %q", op)
	}
	return 0, nil
}

func (l *listener) refuse() uint64 {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.l == nil {
		return 0
	}
	l.l.Close()
	l.l = nil
	return 1
}

// fill stops accepting and makes connections until one more must wait.
func (l *listener) fill() (uint64, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.l == nil || l.held != nil {
		return 0, nil
	}
	l.held = make(chan struct{})
	l.setAcceptDeadline(time.Now())
	if err := l.setBacklog(0); err != nil {
		return 0, err
	}
	for range mostFillers {
		if l.full() {
			break
		}
		c, err := net.DialTimeout(l.Network, l.Address, time.Second)
		if err != nil {
			break
		}
		l.fillers = append(l.fillers, c)
		for until := time.Now().Add(fillPause); !l.full() && time.Now().Before(until); {
			time.Sleep(time.Millisecond) // the connection may take a moment to be queued
		}
	}
	return 1, nil
}

// full asks the kernel, as a connect that takes long may be that of a busy machine. A unix
// socket cannot be asked: it refuses the next one at once.
func (l *listener) full() (full bool) {
	socket, ok := l.l.(*net.TCPListener)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	_ = raw.Control(func(fd uintptr) {
		// Of a socket that listens these are the queue and its limit, see tcp_diag_get_info.
		i, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		full = err == nil && i.Unacked > i.Sacked
	})
	return full
}

func (l *listener) setAcceptDeadline(t time.Time) {
	if d, ok := l.l.(interface{ SetDeadline(time.Time) error }); ok {
		_ = d.SetDeadline(t)
	}
}

// setBacklog wraps listen(2), which may be called again.
func (l *listener) setBacklog(n int) error {
	raw, err := l.l.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	if e := raw.Control(func(fd uintptr) { err = unix.Listen(int(fd), n) }); e != nil {
		return e
	}
	return os.NewSyscallError("listen", err)
}

// calm ends the state that op began, and returns the events that came of it.
func (l *listener) calm(op string) (uint64, error) {
	switch op {
	case OpNoAnswer:
		return l.mute.end(), nil
	case OpSlowAccept:
		return l.slow.end(), nil
	case OpCloseUnread:
		return l.unread.end(), nil
	case OpStopReading:
		return l.deaf.end(), nil
	case OpRefuse:
		l.lock.Lock()
		closed := l.l == nil
		l.lock.Unlock()
		if closed {
			return 0, l.open()
		}
	case OpFullBacklog:
		return 0, l.drain()
	}
	return 0, nil
}

// drain goes back to accepting.
func (l *listener) drain() error {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.held == nil {
		return nil
	}
	for _, c := range l.fillers {
		c.Close()
	}
	close(l.held)
	l.held, l.fillers = nil, nil
	if l.l == nil {
		return nil // refuses as well, and will open anew
	}
	l.setAcceptDeadline(time.Time{})
	return l.setBacklog(fullBacklog)
}
