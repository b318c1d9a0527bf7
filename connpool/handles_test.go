package connpool

import (
	"errors"
	"net"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/slotpool/slotpool/internal/testkit"

	"github.com/slotpool/slotpool/resourcepool"
)

// pipe dials one end of a net.Pipe, which shows no socket.
type pipe struct {
	net.Conn
	closes int
	err    error // of Close
}

func newPipe(t *testing.T) *pipe {
	here, there := net.Pipe()
	t.Cleanup(func() { there.Close() })
	return &pipe{Conn: here}
}

func (p *pipe) Close() error {
	p.closes++
	p.Conn.Close()
	return p.err
}

func (p *pipe) Dial(string, string) (net.Conn, error) { return p, nil }

func TestConnEmbedsTheDialersOwn(t *testing.T) {
	usePool(t, 1)
	inner := newPipe(t)
	cr := newResource(t, "tcp", "nowhere:1")
	conn := mustGetWith(t, cr, inner)
	if conn.Conn != net.Conn(inner) {
		t.Fatalf("the embedded connection is a %T", conn.Conn)
	}
	conn.Put()
	conn = mustGetWith(t, cr, mustNotDial(t)) // opaque, so alive
	if conn.Conn != net.Conn(inner) {
		t.Fatalf("after reuse the embedded connection is a %T", conn.Conn)
	}
	conn.Put()
}

func TestPutTwicePanics(t *testing.T) {
	p := usePool(t, 1)
	for name, scheduled := range map[string]bool{"parked": false, "scheduled to be closed": true} {
		t.Run(name, func(t *testing.T) {
			cr := newResource(t, "tcp", "nowhere:1")
			conn := mustGetWith(t, cr, newPipe(t))
			if scheduled {
				cr.ScheduleClose()
			}
			conn.Put()
			before := p.Stats()
			testkit.WantPanic(t, "Resource was not gotten", conn.Put)
			wantUsage(t, p, before.InUse, before.Idle)
		})
	}
}

func TestUsePanicsAfterPutAndClose(t *testing.T) {
	usePool(t, 1)
	for name, giveUp := range map[string]func(*Conn){
		"Put":   (*Conn).Put,
		"Close": func(c *Conn) { _ = c.Close() },
	} {
		conn := mustGetWith(t, newResource(t, "tcp", "nowhere:1"), newPipe(t))
		giveUp(conn)
		if conn.Conn != nil {
			t.Errorf("after %s the embedded connection is %v", name, conn.Conn)
		}
		for what, use := range map[string]func(){
			"Read":        func() { _, _ = conn.Read(nil) },
			"Write":       func() { _, _ = conn.Write(nil) },
			"LocalAddr":   func() { conn.LocalAddr() },
			"RemoteAddr":  func() { conn.RemoteAddr() },
			"SetDeadline": func() { _ = conn.SetDeadline(time.Time{}) },
		} {
			func() {
				defer func() {
					if _, ok := recover().(runtime.Error); !ok {
						t.Errorf("%s after %s did not panic", what, name)
					}
				}()
				use()
			}()
		}
	}
}

func TestCloseTwiceReturnsTheSameError(t *testing.T) {
	p := usePool(t, 1)
	for _, want := range []error{nil, errFake} {
		inner := newPipe(t)
		inner.err = want
		conn := mustGetWith(t, newResource(t, "tcp", "nowhere:1"), inner)
		for range 3 {
			testkit.WantErr(t, "Close", conn.Close(), want)
		}
		conn.Put() // does nothing
		testkit.WantErr(t, "Close after all", conn.Close(), want)
		if inner.closes != 1 {
			t.Fatalf("closed %d times", inner.closes)
		}
		wantUsage(t, p, 0, 0)
	}
}

func TestCloseErrorStaysWithItsConn(t *testing.T) {
	usePool(t, 1)
	cr := newResource(t, "tcp", "nowhere:1")
	inner := newPipe(t)
	inner.err = errFake
	first := mustGetWith(t, cr, inner)
	testkit.WantErr(t, "Close", first.Close(), errFake)
	second := mustGetWith(t, cr, newPipe(t))
	testkit.WantErr(t, "Close of the next", second.Close(), nil)
	testkit.WantErr(t, "Close of the first again", first.Close(), errFake)
}

func TestCloseAfterPutDoesNothing(t *testing.T) {
	p := usePool(t, 1)
	cr := newResource(t, "tcp", "nowhere:1")
	inner := newPipe(t)
	first := mustGetWith(t, cr, inner)
	first.Put()
	testkit.WantErr(t, "Close of a parked one", first.Close(), nil)
	wantUsage(t, p, 0, 1)
	second := mustGetWith(t, cr, mustNotDial(t))
	testkit.WantErr(t, "Close of another's", first.Close(), nil)
	wantUsage(t, p, 1, 0)
	if inner.closes != 0 || second.Conn == nil {
		t.Fatal("it was closed")
	}
	second.Put()
}

// TestCloseOfTheEmbeddedConnectionEndsARead is the documented way to do that.
func TestCloseOfTheEmbeddedConnectionEndsARead(t *testing.T) {
	p := usePool(t, 1)
	s := newServer(t, "tcp")
	conn := mustGet(t, s.resource())
	there := s.accept()
	done := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		done <- err
	}()
	if err := conn.Conn.Close(); err != nil {
		t.Fatal(err)
	}
	wantEOF(t, there)
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Fatalf("the read returned %v", err)
	}
	if err := conn.Close(); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("Close after that returned %v", err)
	}
	wantUsage(t, p, 0, 0)
}

// TestTwoHandlesAlternate: the Conn of an earlier user is not the next user's.
func TestTwoHandlesAlternate(t *testing.T) {
	p := usePool(t, 1)
	cr := newResource(t, "tcp", "nowhere:1")
	first := mustGetWith(t, cr, newPipe(t))
	first.Put()
	second := mustGetWith(t, cr, mustNotDial(t))
	if first == second || first.Conn != nil {
		t.Fatal("the earlier user has the connection again")
	}
	testkit.WantPanic(t, "Resource was not gotten", first.Put)
	wantUsage(t, p, 1, 0)
	if _, err := cr.GetWithDialer(now(), mustNotDial(t)); err != resourcepool.ErrorPutTimeout {
		t.Fatalf("Get beside the second user: %v", err)
	}
	second.Put()
	third := mustGetWith(t, cr, mustNotDial(t))
	if third != first || second.Conn != nil {
		t.Fatal("the second reuse did not take turns")
	}
	third.Put()
}

// TestSize: an address that waits for its first use, and one that dials.
func TestSize(t *testing.T) {
	const most = 192
	if n := unsafe.Sizeof(ConnResource{}) + unsafe.Sizeof(resourcepool.Resource{}); n > most {
		t.Errorf("a ConnResource and its Resource have %d bytes", n)
	}
	usePool(t, 1)
	var before, after runtime.MemStats
	const n = 10000
	all := make([]*ConnResource, n)
	runtime.ReadMemStats(&before)
	for i := range all {
		all[i] = New("tcp", "nowhere:1")
		all[i].c.resource()
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / n; each > most {
		t.Errorf("%d bytes were allocated for each", each)
	}
	runtime.KeepAlive(all)
}
