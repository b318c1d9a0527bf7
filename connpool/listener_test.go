package connpool

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

func newTestListener(t *testing.T, slots *resourcepool.Pool) net.Listener {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := NewListener(inner, slots)
	t.Cleanup(func() { l.Close() })
	return l
}

func connect(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestListenerTakesASlotForEachConnection(t *testing.T) {
	slots := fakeSlots(2)
	l := newTestListener(t, slots)
	connect(t, l)
	connect(t, l)
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	wantUsage(t, slots, 2, 0)
	if _, ok := a.(interface {
		syscall.Conn
		io.ReaderFrom
		CloseWrite() error
	}); !ok {
		t.Errorf("%T hides methods of *net.TCPConn", a)
	}
	testkit.WantErr(t, "Close", a.Close(), nil)
	wantUsage(t, slots, 1, 0)
	wantIs(t, "a second Close", a.Close(), net.ErrClosed)
	wantUsage(t, slots, 1, 0)
	b.Close()
	wantUsage(t, slots, 0, 0)
}

func TestBlockedAcceptHoldsOneSlot(t *testing.T) {
	slots := fakeSlots(2)
	l := newTestListener(t, slots)
	over := make(chan error)
	go func() { _, err := l.Accept(); over <- err }()
	testkit.Eventually(t, "one slot taken", func() bool { return slots.Stats().InUse == 1 })
	l.Close()
	wantIs(t, "Accept", <-over, net.ErrClosed)
	wantUsage(t, slots, 0, 0)
}

func TestListenerCloseEndsAnAcceptThatWaitsForASlot(t *testing.T) {
	slots := fakeSlots(1)
	if err := slots.Acquire(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	l := newTestListener(t, slots)
	over := make(chan error)
	for range 3 {
		go func() { _, err := l.Accept(); over <- err }()
	}
	testkit.Eventually(t, "three wait", func() bool { return slots.Stats().Waiting == 3 })
	l.Close()
	for range 3 {
		err := <-over
		wantIs(t, "Accept", err, net.ErrClosed)
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "accept" {
			t.Errorf("%v", err)
		}
	}
	_, err := l.Accept()
	wantIs(t, "a later Accept", err, net.ErrClosed)
	slots.Free(1)
	wantUsage(t, slots, 0, 0)
}

func TestListenerEvictsIdleConnections(t *testing.T) {
	p, n := fakePool(t, 1, nil)
	get(t, p, "x:1").Put()
	l := newTestListener(t, p.Slots)
	connect(t, l)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if _, open := n.count(); open != 0 {
		t.Errorf("%d idle connections are open", open)
	}
}

// starving is a listener without descriptors for a while.
type starving struct {
	net.Listener
	left atomic.Int64
	errs error
}

func (s *starving) Accept() (net.Conn, error) {
	if s.left.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", s.errs)}
	}
	return s.Listener.Accept()
}

func TestListenerSurvivesEMFILE(t *testing.T) {
	for _, errno := range []error{syscall.EMFILE, syscall.ENFILE} {
		p, n := fakePool(t, 8, nil)
		get(t, p, "x:1").Put()
		inner, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s := &starving{Listener: inner, errs: errno}
		s.left.Store(3)
		l := NewListener(s, p.Slots)
		connect(t, l)
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if _, open := n.count(); open != 0 {
			t.Error("no idle connection made room")
		}
		c.Close()
		s.left.Store(1 << 40)
		over := make(chan error)
		go func() { _, err := l.Accept(); over <- err }()
		testkit.Eventually(t, "tries", func() bool { return s.left.Load() < 1<<40-2 })
		l.Close()
		wantIs(t, "Accept", <-over, net.ErrClosed)
		wantUsage(t, p.Slots, 0, 0)
	}
}

func TestListenerReturnsOtherErrors(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &starving{Listener: inner, errs: errFake}
	s.left.Store(1)
	slots := fakeSlots(1)
	l := NewListener(s, slots)
	defer l.Close()
	_, err = l.Accept()
	wantIs(t, "Accept", err, errFake)
	wantUsage(t, slots, 0, 0)
}

func askHello(client *http.Client, url string) error {
	r, err := client.Get(url)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if b, _ := io.ReadAll(r.Body); string(b) != "hello" {
		return errors.New(string(b))
	}
	return nil
}

// With a Sub what comes in leaves the slots that answering it needs.
func TestHTTPServerOverAListener(t *testing.T) {
	slots := fakeSlots(4)
	in := slots.Sub(3, "")
	address := newEcho(t)
	out := &Pool{Slots: slots}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := out.Do(r.Context(), "tcp", address, func(c *Conn) error {
			if _, err := io.WriteString(c, "hello"); err != nil {
				return err
			}
			_, err := io.CopyN(w, c, 5)
			return err
		}); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})}
	l := newTestListener(t, in)
	done := make(chan error)
	go func() { done <- server.Serve(l) }()
	failed := make(chan error)
	const clients = 16
	for range clients {
		go func() {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: testkit.Patience}
			var err error
			for i := 0; i < 10 && err == nil; i++ {
				err = askHello(client, "http://"+l.Addr().String())
			}
			failed <- err
		}()
	}
	for range clients {
		testkit.WantErr(t, "a client", <-failed, nil)
	}
	if err := server.Shutdown(patient(t)); err != nil {
		t.Fatal(err)
	}
	wantIs(t, "Serve", <-done, http.ErrServerClosed)
	if err := out.Shutdown(patient(t)); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "all slots free", func() bool { return slots.Stats().InUse+slots.Stats().Idle == 0 })
}
