package connpool

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"

	"github.com/slotpool/slotpool/resourcepool"
)

var errFake = errors.New("fake error")

// usePool lets all ConnResources that are used from now on until the end of
// the test share a pool of so many slots.
func usePool(t *testing.T, slots uint) *resourcepool.Pool {
	t.Helper()
	p, original := resourcepool.New(slots, ""), globalPool
	globalPool = func() *resourcepool.Pool { return p }
	made := madePool.Swap(p)
	t.Cleanup(func() {
		globalPool = original
		madePool.Store(made)
	})
	return p
}

// lookOnly has what is dialled from now on until the end of the test looked at by
// Get alone, and not watched.
func lookOnly(t *testing.T) {
	watchPeers = false
	t.Cleanup(func() { watchPeers = true })
}

// newResource is New for a test, at the end of which the connection is closed.
func newResource(t *testing.T, network, address string) *ConnResource {
	cr := New(network, address)
	t.Cleanup(cr.ScheduleClose)
	return cr
}

// now makes a Get fail rather than wait.
func now() <-chan struct{} { return resourcepool.MakeImmediateCanceler() }

// getAndPut may be called on any goroutine.
func getAndPut(t *testing.T, cr *ConnResource) {
	conn, err := cr.Get(nil, testkit.Patience)
	if err != nil {
		t.Error(err)
		return
	}
	conn.Put()
}

func mustGet(t *testing.T, cr *ConnResource) *Conn {
	t.Helper()
	return mustGetWith(t, cr, &net.Dialer{Timeout: testkit.Patience})
}

func mustGetWith(t *testing.T, cr *ConnResource, d Dialer) *Conn {
	t.Helper()
	conn, err := cr.GetWithDialer(now(), d)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return conn
}

// wantUsage checks who has the slots.
func wantUsage(t *testing.T, p *resourcepool.Pool, inUse, idle uint) {
	t.Helper()
	if st := p.Stats(); st.InUse != inUse || st.Idle != idle || st.Releasing != 0 {
		t.Fatalf("in use %d, idle %d, releasing %d; want %d, %d, 0",
			st.InUse, st.Idle, st.Releasing, inUse, idle)
	}
}

// dialerFunc is a Dialer.
type dialerFunc func(network, address string) (net.Conn, error)

func (f dialerFunc) Dial(network, address string) (net.Conn, error) { return f(network, address) }

func mustNotDial(t *testing.T) Dialer {
	return dialerFunc(func(string, string) (net.Conn, error) {
		t.Error("dialled although there was a connection")
		return nil, errFake
	})
}

// server accepts connections and hands them to the test.
type server struct {
	t                *testing.T
	listener         net.Listener
	network, address string
	accepted         chan net.Conn
}

func newServer(t *testing.T, network string) *server {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		dir, err := os.MkdirTemp("", "slotpool") // t.TempDir can be too long a name
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		address = filepath.Join(dir, "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, l)
}

func serve(t *testing.T, l net.Listener) *server {
	s := &server{t, l, l.Addr().Network(), l.Addr().String(), make(chan net.Conn)}
	var wg sync.WaitGroup
	over := make(chan struct{})
	wg.Go(func() {
		defer close(s.accepted)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			if c, ok := conn.(*tls.Conn); ok {
				_ = c.Handshake() // if it fails, the client tells
			}
			select {
			case s.accepted <- conn:
			case <-over:
			}
		}
	})
	t.Cleanup(func() {
		close(over)
		l.Close()
		wg.Wait()
	})
	return s
}

// resource is a new ConnResource for the server.
func (s *server) resource() *ConnResource { return newResource(s.t, s.network, s.address) }

// accept returns the server's end of the next connection.
func (s *server) accept() net.Conn {
	s.t.Helper()
	select {
	case conn, ok := <-s.accepted:
		if !ok {
			s.t.Fatalf("nobody listens on %s any more", s.address)
		}
		if err := conn.SetDeadline(time.Now().Add(testkit.Patience)); err != nil {
			s.t.Fatal(err)
		}
		return conn
	case <-time.After(testkit.Patience):
		s.t.Fatalf("no connection to %s within %v", s.address, testkit.Patience)
		return nil
	}
}

// wantEOF checks that the other end was closed.
func wantEOF(t *testing.T, conn net.Conn) {
	t.Helper()
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Fatalf("read %d bytes, %v; want the end of the connection", n, err)
	}
}

const message = "one message"

// wantTalk checks that the two ends are connected and usable.
func wantTalk(t *testing.T, a, b net.Conn) {
	t.Helper()
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		buf := make([]byte, len(message))
		if _, err := way[0].Write([]byte(message)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(way[1], buf); err != nil || string(buf) != message {
			t.Fatalf("read %q, %v; want %q", buf, err, message)
		}
	}
}
