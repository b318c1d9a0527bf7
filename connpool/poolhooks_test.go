package connpool

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// logged collects what a Logger gets.
type logged struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(b)
}

func (l *logged) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.String()
}

func (l *logged) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func TestPanicsOfHooksLoseNothing(t *testing.T) {
	for _, hook := range []string{"WaitStart", "WaitDone", "DialStart", "DialDone", "Reused", "Closed", "Reset"} {
		t.Run(hook, func(t *testing.T) {
			var log logged
			p, n := fakePool(t, 1, func(p *Pool) {
				p.Logger, p.Trace = log.logger(), &Trace{}
				boom := func() { panic("fake " + hook) }
				switch hook {
				case "WaitStart":
					p.Trace.WaitStart = func(_, _ string) { boom() }
				case "WaitDone":
					p.Trace.WaitDone = func(string, string, time.Duration, error) { boom() }
				case "DialStart":
					p.Trace.DialStart = func(_, _ string) { boom() }
				case "DialDone":
					p.Trace.DialDone = func(string, string, time.Duration, error) { boom() }
				case "Reused":
					p.Trace.Reused = func(_, _ string) { boom() }
				case "Closed":
					p.Trace.Closed = func(string, string, CloseReason) { boom() }
				case "Reset":
					p.Reset = func(context.Context, net.Conn) error { boom(); return nil }
				}
			})
			for range 3 {
				get(t, p, "x:1").Put()
				get(t, p, "x:1").Put()
				_ = get(t, p, "y:1").Close()
				c, err := p.DialContext(patient(t), "tcp", "z:1")
				if err != nil {
					t.Fatal(err)
				}
				c.Close()
			}
			p.CloseIdleConnections()
			testkit.Eventually(t, "all closed", func() bool { _, open := n.count(); return open == 0 })
			if s := log.text(); !strings.Contains(s, "fake "+hook) || !strings.Contains(s, "level=ERROR") {
				t.Errorf("the panic was not logged: %s", s)
			}
		})
	}
}

func TestLoggerTellsOfFailedDials(t *testing.T) {
	var log logged
	p, n := fakePool(t, 1, func(p *Pool) { p.Logger = log.logger() })
	n.on = func(context.Context, string) error { return errFake }
	_, _ = p.Get(patient(t), "tcp", "x:1")
	if s := log.text(); !strings.Contains(s, "dial failed") || !strings.Contains(s, "x:1") || !strings.Contains(s, errFake.Error()) {
		t.Fatalf("%q", s)
	}
}

func TestPanicOfNetConnClosesTheSocket(t *testing.T) {
	s := newServer(t, "tcp")
	p := &Pool{Slots: fakeSlots(1), DialFunc: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := net.Dial(network, address)
		return netConnMine{c}, err
	}}
	testkit.WantPanic(t, "fake NetConn", func() { _, _ = p.Get(patient(t), s.network, s.address) })
	wantEOF(t, s.accept())
	wantUsage(t, p.Slots, 0, 0)
}

type netConnMine struct{ net.Conn }

func (netConnMine) NetConn() net.Conn { panic("fake NetConn") }

func TestPanicOfCloseFreesTheSlot(t *testing.T) {
	var log logged
	p := &Pool{Slots: fakeSlots(1), Logger: log.logger(), DialFunc: func(context.Context, string, string) (net.Conn, error) {
		return closeMine{}, nil
	}}
	c, err := p.Get(patient(t), "tcp", "x:1")
	if err != nil {
		t.Fatal(err)
	}
	testkit.WantPanic(t, "fake Close", func() { _ = c.Close() })
	wantUsage(t, p.Slots, 0, 0)
	c, err = p.Get(patient(t), "tcp", "x:1")
	if err != nil {
		t.Fatal(err)
	}
	c.Put()
	p.CloseIdleConnections()
	wantUsage(t, p.Slots, 0, 0)
	if !strings.Contains(log.text(), "fake Close") {
		t.Error("the panic of a Close that nobody called was not logged")
	}
	if err := p.Shutdown(patient(t)); err != nil {
		t.Fatal(err)
	}
}

type closeMine struct{ net.Conn }

func (closeMine) Close() error { panic("fake Close") }
