//go:build linux

package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/wire"
	"github.com/slotpool/slotpool/internal/testkit"
)

// startTestServer starts a server of n endpoints at a port that is free.
func startTestServer(t *testing.T, n int) *server {
	t.Helper()
	cert, err := NewCertificate()
	if err != nil {
		t.Fatal(err)
	}
	const portTries = 20
	for range portTries {
		port := RandomPort(n)
		s, err := newServer(Config{Endpoints: Local(n, port, t.TempDir(), HasIPv6()), Certificate: cert})
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			for _, l := range s.listeners {
				l.refuse()
			}
		})
		return s
	}
	t.Fatalf("no free port in %d tries", portTries)
	return nil
}

// dialServer connects and makes one request, after which the server waits.
func dialServer(t *testing.T, l *listener) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout(l.Network, l.Address, testkit.Patience)
	if err != nil {
		t.Fatal(err)
	}
	if l.TLS {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(testkit.Patience))
	if err := echo(conn); err != nil {
		t.Fatalf("%v: %v", l, err)
	}
	return conn
}

func echo(conn net.Conn) error {
	request := make([]byte, 300)
	wire.FillFrame(request, 1, 2, 3)
	return wire.Exchange(conn, request, make([]byte, len(request)))
}

func TestServerStrikesIdleConnections(t *testing.T) {
	s := startTestServer(t, 10)
	for _, op := range []string{OpClose, OpReset, OpHalfClose, OpUnexpected} {
		for _, l := range s.listeners {
			testkit.Eventually(t, fmt.Sprintf("before %s at %v: the server has no connection", op, l),
				func() bool { return s.peers.len() == 0 })
			conn := dialServer(t, l)
			strike := func() bool {
				n, err := s.obey(Command{Op: op, Share: 1})
				return n == 1 && err == nil
			}
			if op == OpUnexpected && l.TLS {
				if strike() {
					t.Errorf("%s at %v: struck, though a pool cannot tell", op, l)
				}
				conn.Close()
				continue
			}
			testkit.Eventually(t, fmt.Sprintf("%s at %v strikes", op, l), strike)
			err := echo(conn)
			want := map[string]bool{
				OpClose:      errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE),
				OpReset:      errors.Is(err, syscall.ECONNRESET) || l.Network == "unix" && errors.Is(err, syscall.EPIPE),
				OpHalfClose:  err == io.EOF,
				OpUnexpected: err == wire.ErrUnexpectedBytes,
			}
			if !want[op] {
				t.Errorf("%s at %v: a request then failed with %v", op, l, err)
			}
			conn.Close()
		}
	}
}

func TestListenerStates(t *testing.T) {
	s := startTestServer(t, 10)
	for _, l := range s.listeners {
		for op, want := range map[string]func(error) bool{
			OpRefuse:      func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) },
			OpFullBacklog: func(err error) bool { return isTimeout(err) || errors.Is(err, syscall.EAGAIN) },
			OpNoAnswer:    isTimeout,
			OpStopReading: isTimeout,
			OpCloseUnread: func(err error) bool {
				return l.TLS && err == nil || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) || errors.Is(err, syscall.EPIPE)
			},
			OpSlowAccept: func(err error) bool { return err == nil },
		} {
			if _, err := l.disturb(op); err != nil {
				t.Fatalf("%s at %v: %v", op, l, err)
			}
			if err := tryOnce(l, op); !want(err) {
				t.Errorf("%s at %v: a request ended with %v", op, l, err)
			}
			if s := map[string]*state{OpNoAnswer: &l.mute, OpStopReading: &l.deaf, OpSlowAccept: &l.slow, OpCloseUnread: &l.unread}[op]; s != nil && !(op == OpCloseUnread && l.TLS) {
				testkit.Eventually(t, fmt.Sprintf("%s at %v: an event is counted", op, l), func() bool { return s.events.Load() != 0 })
			}
			if _, err := l.calm(op); err != nil {
				t.Fatalf("after %s at %v: %v", op, l, err)
			}
			dialServer(t, l).Close()
		}
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// tryOnce makes a request in a state. What never comes is waited for for a short time.
func tryOnce(l *listener, op string) error {
	const short = 200 * time.Millisecond
	dial, answer := testkit.Patience, testkit.Patience
	switch op {
	case OpFullBacklog:
		dial = short
	case OpNoAnswer, OpStopReading:
		answer = short
	}
	conn, err := net.DialTimeout(l.Network, l.Address, dial)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(answer))
	if !l.TLS {
		return echo(conn)
	}
	secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	if op == OpStopReading { // of requests, for which the handshake must end
		_ = conn.SetDeadline(time.Now().Add(testkit.Patience))
		if err := secure.Handshake(); err != nil {
			return err
		}
		_ = conn.SetDeadline(time.Now().Add(answer))
	}
	return echo(secure)
}

func TestServerRejectsUnknownCommand(t *testing.T) {
	s := startTestServer(t, 1)
	if _, err := s.obey(Command{Op: "dance", Share: 1}); err == nil || !strings.Contains(err.Error(), `"dance"`) {
		t.Errorf("error %v, want one that names the command", err)
	}
}

func TestChosenIsAShare(t *testing.T) {
	for _, share := range []float64{0, 0.2, 1} {
		n := 0
		for i := range 10000 {
			if chosen(Command{Share: share, Seed: 9}, i) {
				n++
			}
		}
		if got := float64(n) / 10000; got < share-0.02 || got > share+0.02 {
			t.Errorf("share %v: %v were chosen", share, got)
		}
	}
}
