package connpool

import (
	"context"
	"errors"
	"net"
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

// TestNoDialBeginsAfterShutdown has returned, also if the Get gave up just before its dial.
// A dial does two things first: it is counted, and it refers to the host. Here it is
// stopped before them and after them.
func TestNoDialBeginsAfterShutdown(t *testing.T) {
	t.Run("it comes after Shutdown", func(t *testing.T) {
		d := newDialAtEnd(t)
		d.pool.leave(d.member.host)
		testkit.WantErr(t, "Shutdown", d.pool.shutdown(patient(t)), nil)
		d.allocate()
		wantIs(t, "the dial", <-d.over, errUnwanted)
		if n, _ := d.net.count(); n != 0 {
			t.Errorf("%d calls of DialFunc", n)
		}
	})
	t.Run("it comes before Shutdown, and dials after", func(t *testing.T) {
		d := newDialAtEnd(t)
		d.stop()
		d.allocate()
		testkit.Eventually(t, "it refers to the host", func() bool { return d.member.host.references.Load() == 2 })
		d.pool.leave(d.member.host)
		d.pool.closing.Store(true)
		drained := d.pool.drained()
		if drained == nil {
			t.Error("Shutdown would not wait for it")
		}
		d.goOn()
		wantIs(t, "the dial", <-d.over, ErrClosed)
		if drained != nil {
			<-drained
		}
	})
}

// TestDialIsCountedTooLate: Shutdown found the count to be zero while the host was still there,
// and then the dial was counted. The host here is gone, so that the dial ends with the
// reference that it does not get. It was counted before if the count ends with it.
func TestDialIsCountedTooLate(t *testing.T) {
	d := newDialAtEnd(t)
	drained := make(chan struct{})
	d.pool.leave(d.member.host)
	d.pool.closing.Store(true)
	d.pool.drainers = append(d.pool.drainers, drained)
	d.allocate()
	wantIs(t, "the dial", <-d.over, errUnwanted)
	select {
	case <-drained:
	default:
		t.Error("it was not counted before it referred to the host")
	}
}

// dialAtEnd is the dial of a Get that has the host, and is about to give up.
type dialAtEnd struct {
	pool   *pool
	member *member
	net    *fakeNet
	over   chan error // what came of it
}

func newDialAtEnd(t *testing.T) *dialAtEnd {
	d := &dialAtEnd{net: &fakeNet{}, over: make(chan error, 1)}
	d.net.on = func(ctx context.Context, _ string) error { <-ctx.Done(); return context.Cause(ctx) }
	d.pool = newPool(&Pool{Slots: fakeSlots(1), DialFunc: d.net.dial})
	h, err := d.pool.enter("tcp", "x:1")
	if err != nil {
		t.Fatal(err)
	}
	d.member = &member{host: h}
	return d
}

func (d *dialAtEnd) allocate() {
	go func() { d.over <- d.member.AllocateContext(context.Background()) }()
}

// stop makes the dial wait for what it does next after it has referred to the host.
func (d *dialAtEnd) stop() { d.member.host.mu.Lock() }
func (d *dialAtEnd) goOn() { d.member.host.mu.Unlock() }
