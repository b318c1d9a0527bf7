package connpool

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// TestConnIsANetConn holds a *Conn against the documentation of net.Conn.
// Each test has a fresh connection, and then the same one after a reuse.
func TestConnIsANetConn(t *testing.T) {
	for _, network := range []string{"tcp", "unix", "tls"} {
		for name, test := range map[string]func(t *testing.T, conn *Conn, there net.Conn){
			"much both ways at once": testBulk,
			"addresses":              testAddresses,
			"deadlines":              testDeadlines,
			"deadline while reading": testDeadlineWhileReading,
			"concurrent methods":     testConcurrentMethods,
			"end of the peer's":      testPeerCloses,
			"close":                  testClose,
		} {
			t.Run(network+"/"+name, func(t *testing.T) {
				usePool(t, 1)
				s, d := newServerOf(t, network, true)
				t.Run("fresh", func(t *testing.T) {
					conn := mustGetWith(t, s.resource(), d)
					defer conn.Close()
					test(t, conn, s.accept())
				})
				t.Run("reused", func(t *testing.T) {
					cr := s.resource()
					mustGetWith(t, cr, d).Put()
					conn := mustGetWith(t, cr, mustNotDial(t))
					defer conn.Close()
					test(t, conn, s.accept())
				})
			})
		}
	}
}

func testBulk(t *testing.T, conn *Conn, there net.Conn) {
	var wg sync.WaitGroup
	for i, way := range [][2]net.Conn{{conn, there}, {there, conn}} {
		data := make([]byte, 1<<20)
		_, _ = rand.NewChaCha8([32]byte{byte(i)}).Read(data) // different each way
		wg.Go(func() {
			if n, err := way[0].Write(data); n != len(data) || err != nil {
				t.Errorf("wrote %d of %d bytes: %v", n, len(data), err)
			}
		})
		wg.Go(func() {
			got := make([]byte, len(data))
			if _, err := io.ReadFull(way[1], got); err != nil || !bytes.Equal(got, data) {
				t.Errorf("other bytes came than were sent, or %v", err)
			}
		})
	}
	wg.Wait()
}

func testAddresses(t *testing.T, conn *Conn, there net.Conn) {
	if a, b := conn.RemoteAddr(), there.LocalAddr(); a.String() != b.String() || a.Network() != b.Network() {
		t.Errorf("the remote address is %v, the peer's is %v", a, b)
	}
	if a, b := conn.LocalAddr(), there.RemoteAddr(); a.String() != b.String() || a.Network() != b.Network() {
		t.Errorf("the local address is %v, the peer has %v", a, b)
	}
}

func wantTimeout(t *testing.T, what string, n int, err error) {
	t.Helper()
	e, ok := errors.AsType[net.Error](err)
	if n != 0 || !ok || !e.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%s: %d bytes, %v; want a timeout", what, n, err)
	}
}

func testDeadlines(t *testing.T, conn *Conn, there net.Conn) {
	past := time.Unix(1, 0)
	read := func() (int, error) { return conn.Read(make([]byte, 1)) }
	for _, c := range []struct {
		name string
		set  func(time.Time) error
	}{
		{"SetReadDeadline", conn.SetReadDeadline},
		{"SetDeadline", conn.SetDeadline},
	} {
		if err := c.set(past); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			n, err := read()
			wantTimeout(t, "read after "+c.name, n, err)
		}
		if err := c.set(time.Time{}); err != nil {
			t.Fatal(err)
		}
		wantTalk(t, conn, there)
	}
	if err := conn.SetWriteDeadline(past); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Write([]byte("x"))
	wantTimeout(t, "write after SetWriteDeadline", n, err)
}

func testDeadlineWhileReading(t *testing.T, conn *Conn, there net.Conn) {
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Read(make([]byte, 1))
	wantTimeout(t, "read", n, err)
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	wantTalk(t, conn, there)
}

func testConcurrentMethods(t *testing.T, conn *Conn, there net.Conn) {
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = io.Copy(there, io.LimitReader(there, 1600)) }) // an echo
	for range 16 {
		wg.Go(func() {
			if _, err := conn.Write(make([]byte, 100)); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if _, err := io.ReadFull(conn, make([]byte, 100)); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			deadline := time.Now().Add(testkit.Patience)
			for _, set := range []func(time.Time) error{conn.SetDeadline, conn.SetReadDeadline, conn.SetWriteDeadline} {
				if err := set(deadline); err != nil {
					t.Error(err)
				}
			}
			conn.LocalAddr()
			conn.RemoteAddr()
		})
	}
	wg.Wait()
}

func testPeerCloses(t *testing.T, conn *Conn, there net.Conn) {
	if _, err := there.Write([]byte(message)); err != nil {
		t.Fatal(err)
	}
	if err := there.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || string(got) != message {
		t.Fatalf("read %q, %v; want %q to the end", got, err, message)
	}
}

// testClose closes while a read is blocked. The reader has the embedded
// connection, as Close takes that out of the Conn.
func testClose(t *testing.T, conn *Conn, there net.Conn) {
	done := make(chan error, 1)
	inner := conn.Conn
	go func() {
		_, err := inner.Read(make([]byte, 1))
		done <- err
	}()
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	wantEOF(t, there)
	select {
	case err := <-done:
		if !errors.Is(err, net.ErrClosed) {
			t.Fatalf("the blocked read returned %v", err)
		}
	case <-time.After(testkit.Patience):
		t.Fatal("Close did not end a blocked read")
	}
	if _, err := inner.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("write after close: %v", err)
	}
}

// TestDeadlineIsNotInherited by the next user of a connection.
func TestDeadlineIsNotInherited(t *testing.T) {
	for _, network := range []string{"tcp", "tls"} {
		for name, set := range map[string]func(*Conn) error{
			"SetDeadline":     func(c *Conn) error { return c.SetDeadline(time.Unix(1, 0)) },
			"SetReadDeadline": func(c *Conn) error { return c.SetReadDeadline(time.Unix(1, 0)) },
			"SetWriteDeadline": func(c *Conn) error {
				return net.Conn(c).SetWriteDeadline(time.Unix(1, 0)) // by whom it was given to as a net.Conn
			},
		} {
			t.Run(network+"/"+name, func(t *testing.T) {
				usePool(t, 1)
				s, d := newServerOf(t, network, false)
				cr := s.resource()
				conn := mustGetWith(t, cr, d)
				there := s.accept()
				if err := set(conn); err != nil {
					t.Fatal(err)
				}
				conn.Put()
				conn = mustGetWith(t, cr, mustNotDial(t))
				wantTalk(t, conn, there)
				conn.Put()
			})
		}
	}
}

// TestDeadlineOfTheEmbeddedConnectionStays on the parked connection, and does
// not make it look dead.
func TestDeadlineOfTheEmbeddedConnectionStays(t *testing.T) {
	usePool(t, 1)
	s := newServer(t, "tcp")
	cr := s.resource()
	conn := mustGet(t, cr)
	there := s.accept()
	if err := conn.Conn.SetDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	conn.Put()
	conn = mustGetWith(t, cr, mustNotDial(t))
	n, err := conn.Read(make([]byte, 1))
	wantTimeout(t, "read", n, err)
	if err := conn.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	wantTalk(t, conn, there)
	conn.Put()
}

// deadlinePanics is a connection whose SetDeadline cannot clear.
type deadlinePanics struct{ net.Conn }

func (c deadlinePanics) SetDeadline(t time.Time) error {
	if t.IsZero() {
		panic("fake panic")
	}
	return c.Conn.SetDeadline(t)
}

// TestPanicInSetDeadlineLeavesTheConnToItsUser who can still close it.
func TestPanicInSetDeadlineLeavesTheConnToItsUser(t *testing.T) {
	p := usePool(t, 1)
	s := newServer(t, "tcp")
	conn := mustGetWith(t, s.resource(), dialerFunc(func(network, address string) (net.Conn, error) {
		inner, err := net.Dial(network, address)
		return deadlinePanics{inner}, err
	}))
	if err := conn.SetDeadline(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	testkit.WantPanic(t, "fake panic", conn.Put)
	wantUsage(t, p, 1, 0)
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	wantEOF(t, s.accept())
	wantUsage(t, p, 0, 0)
}
