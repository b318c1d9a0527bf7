package connpool

import (
	"context"
	"errors"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestCloseIdleOfOneAddress(t *testing.T) {
	p, n := fakePool(t, 8, nil)
	a, b := get(t, p, "x:1"), get(t, p, "x:1")
	get(t, p, "y:1").Put()
	a.Put()
	p.CloseIdle("tcp", "x:1")
	p.CloseIdle("tcp", "nowhere:1")
	if _, open := n.count(); open != 2 {
		t.Fatalf("%d open, want 2", open)
	}
	b.Put() // closed now
	if _, open := n.count(); open != 1 {
		t.Fatalf("%d open, want 1", open)
	}
	get(t, p, "x:1").Put() // later ones stay
	if _, open := n.count(); open != 2 {
		t.Fatalf("%d open, want 2", open)
	}
}

func TestCloseIdleConnectionsLeavesThoseInUse(t *testing.T) {
	p, n := fakePool(t, 8, nil)
	a, b := get(t, p, "x:1"), get(t, p, "y:1")
	get(t, p, "z:1").Put()
	a.Put()
	p.CloseIdleConnections()
	if _, open := n.count(); open != 1 {
		t.Fatalf("%d open, want 1", open)
	}
	b.Put()
	if _, open := n.count(); open != 1 {
		t.Fatal("closed at its Put")
	}
}

func TestShutdownWaitsForUsers(t *testing.T) {
	p, n := fakePool(t, 8, nil)
	c := get(t, p, "x:1")
	d, err := p.DialContext(patient(t), "tcp", "y:1")
	if err != nil {
		t.Fatal(err)
	}
	get(t, p, "z:1").Put()
	done := make(chan error)
	go func() { done <- p.Shutdown(patient(t)) }()
	testkit.Eventually(t, "the idle one closed", func() bool { _, open := n.count(); return open == 2 })
	_, err = p.Get(patient(t), "tcp", "x:1")
	wantIs(t, "Get", err, ErrClosed, net.ErrClosed)
	_, err = p.DialContext(patient(t), "tcp", "x:1")
	wantIs(t, "DialContext", err, ErrClosed)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errFake)
	wantIs(t, "Shutdown that gives up", p.Shutdown(ctx), errFake, context.Canceled)
	c.Put()
	select {
	case err := <-done:
		t.Fatalf("ended with a connection in use: %v", err)
	default:
	}
	d.Close()
	testkit.WantErr(t, "Shutdown", <-done, nil)
	testkit.WantErr(t, "again", p.Shutdown(patient(t)), nil)
	if _, open := n.count(); open != 0 {
		t.Fatalf("%d open", open)
	}
}

func TestShutdownServesGetsThatHaveBegun(t *testing.T) {
	p, n := fakePool(t, 1, nil)
	c := get(t, p, "x:1")
	got := make(chan *Conn)
	go func() { got <- get(t, p, "y:1") }()
	awaitWaiting(t, p, 1)
	done := make(chan error)
	go func() { done <- p.Shutdown(patient(t)) }()
	testkit.Eventually(t, "closing", func() bool { return p.body.p.Load().closing.Load() })
	c.Put()
	(<-got).Put()
	testkit.WantErr(t, "Shutdown", <-done, nil)
	if dials, _ := n.count(); dials != 2 {
		t.Fatalf("%d dials, want 2", dials)
	}
}

func TestShutdownCancelsDialsNobodyWaitsFor(t *testing.T) {
	p, n := fakePool(t, 8, nil)
	dialing := n.hang()
	ctx, cancel := context.WithCancel(context.Background())
	failed := make(chan error)
	go func() { _, err := p.Get(ctx, "tcp", "x:1"); failed <- err }()
	<-dialing
	cancel()
	<-failed
	testkit.WantErr(t, "Shutdown", p.Shutdown(patient(t)), nil)
	if st := p.Stats(); st.Dials.Cancelled != 1 || st.Dialing != 0 {
		t.Fatalf("%+v", st)
	}
}

func TestCloseEndsThoseWhoWait(t *testing.T) {
	p, n := fakePool(t, 2, func(p *Pool) { p.MaxPerAddress = 1 })
	c := get(t, p, "x:1")
	dialing := n.hang()
	failed := make(chan error)
	for _, address := range []string{"x:1", "dials:1"} {
		go func() { _, err := p.Get(context.Background(), "tcp", address); failed <- err }()
	}
	<-dialing
	go func() { _, err := p.DialContext(context.Background(), "tcp", "needs a slot:1"); failed <- err }()
	awaitWaiting(t, p, 2)
	testkit.WantErr(t, "Close", p.Close(), nil)
	for range 3 {
		wantIs(t, "one that waited", <-failed, ErrClosed)
	}
	if c.Conn == nil {
		t.Fatal("a user lost its connection")
	}
	c.Put()
	testkit.WantErr(t, "again", p.Close(), nil)
	if _, open := n.count(); open != 0 {
		t.Fatalf("%d open", open)
	}
}

// Whatever is under way when a pool is closed, nothing of it may stay open.
func TestCloseBesideGetsLeavesNothingOpen(t *testing.T) {
	deadline := time.Now().Add(testkit.StressTime(t))
	for round := 0; time.Now().Before(deadline); round++ {
		n := &fakeNet{}
		p := &Pool{Slots: fakeSlots(4), DialFunc: n.dial}
		over := make(chan bool)
		const users = 6
		for u := range users {
			go func() {
				defer func() { over <- true }()
				for i := 0; ; i++ {
					ctx, cancel := context.WithCancel(context.Background())
					if i%3 == 0 {
						time.AfterFunc(time.Duration(i%50)*time.Microsecond, cancel)
					}
					c, err := p.Get(ctx, "tcp", addressOf((u+i)%5))
					cancel()
					switch {
					case errors.Is(err, ErrClosed):
						return
					case err == nil:
						c.Put()
					}
				}
			}()
		}
		time.Sleep(time.Duration(round%20) * 50 * time.Microsecond) // any moment will do
		if round%2 == 0 {
			_ = p.Close()
		}
		wantAllClosed(t, p, n)
		for range users {
			<-over
		}
	}
}

// TestNoDialBeginsAfterShutdown has returned, also if its Get gives up just then.
func TestNoDialBeginsAfterShutdown(t *testing.T) {
	p := &Pool{Slots: fakeSlots(1), DialFunc: (&fakeNet{}).dial}
	late := 0
	for deadline := time.Now().Add(testkit.StressTime(t) / 4); time.Now().Before(deadline); {
		s := newPool(p)
		h, err := s.enter("tcp", "x:1")
		if err != nil {
			t.Fatal(err)
		}
		var over atomic.Bool
		begun := make(chan bool, 1)
		go func() { // the dial for a Get
			_, end, err := h.beginDial(context.Background(), &dialing{})
			begun <- err == nil && over.Load()
			if err == nil {
				end()
			}
		}()
		runtime.Gosched()
		s.leave(h) // the Get
		if err := s.shutdown(patient(t)); err != nil {
			t.Fatal(err)
		}
		over.Store(true)
		if <-begun {
			late++
		}
	}
	if late != 0 {
		t.Errorf("%d dials began after Shutdown", late)
	}
}
