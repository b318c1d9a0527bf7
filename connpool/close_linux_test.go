package connpool

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// soon is below the 5 s that crypto/tls waits for its alert to be taken, and the minute that the
// closes here may linger, and far above what a busy machine takes to dial.
const soon = 4 * time.Second

// fill writes to conn until its peer, which does not read, takes no more. It
// returns how much was taken.
func fill(t *testing.T, conn net.Conn) (n int64) {
	t.Helper()
	buf := make([]byte, 64<<10)
	for wait := testkit.Patience; ; wait = 100 * time.Millisecond { // there is room for the first
		if err := conn.SetWriteDeadline(time.Now().Add(wait)); err != nil {
			t.Fatal(err)
		}
		m, err := conn.Write(buf)
		n += int64(m)
		if errors.Is(err, os.ErrDeadlineExceeded) && n > 0 {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// wrapped hides nothing, but is not known to this package.
type wrapped struct{ net.Conn }

func (w wrapped) NetConn() net.Conn { return w.Conn }

func socketBelow(conn net.Conn) *net.TCPConn {
	for {
		w, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return conn.(*net.TCPConn)
		}
		conn = w.NetConn()
	}
}

func wantRead(t *testing.T, there io.Reader, wrote int64) {
	t.Helper()
	if n, err := io.Copy(io.Discard, there); n != wrote || err != nil {
		t.Errorf("the peer has read %d bytes of %d, %v", n, wrote, err)
	}
}

// TestEvictionDoesNotWaitForThePeer of the victim, which does not read.
func TestEvictionDoesNotWaitForThePeer(t *testing.T) {
	for _, c := range []struct {
		name    string
		network string
		wrap    func(net.Conn) net.Conn
	}{
		{"tcp", "tcp", func(c net.Conn) net.Conn { return c }},
		{"tls", "tls", func(c net.Conn) net.Conn { return c }},
		{"wrapped tcp", "tcp", func(c net.Conn) net.Conn { return wrapped{c} }},
		{"wrapped tls", "tls", func(c net.Conn) net.Conn { return wrapped{c} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := usePool(t, 1)
			s, d := newServerOf(t, c.network, true)
			conn := mustGetWith(t, s.resource(), dialerFunc(func(network, address string) (net.Conn, error) {
				inner, err := d.Dial(network, address)
				if err != nil {
					return nil, err
				}
				return c.wrap(inner), nil
			}))
			socket := socketBelow(conn.Conn)
			if err := socket.SetLinger(60); err != nil {
				t.Fatal(err)
			}
			there := s.accept()
			wrote := fill(t, conn.Conn)
			conn.Put()

			other := newServer(t, "tcp").resource()
			start := time.Now()
			mustGet(t, other).Put()
			if took := time.Since(start); took > soon {
				t.Errorf("the Get of another address took %v", took)
			}
			if n := p.Stats().Evictions; n != 1 {
				t.Fatalf("%d evictions", n)
			}
			if c.network != "tls" { // what was written is still sent
				wantRead(t, there, wrote)
			}
		})
	}
}

// TestEvictionBesideABlockedWrite which holds what the TLS alert would need.
func TestEvictionBesideABlockedWrite(t *testing.T) {
	usePool(t, 1)
	s, d := newTLSServer(t, false)
	conn := mustGetWith(t, s.resource(), d)
	s.accept()
	inner := conn.Conn
	done := make(chan error, 1)
	go func() {
		for {
			if _, err := inner.Write(make([]byte, 64<<10)); err != nil {
				done <- err
				return
			}
		}
	}()
	testkit.Eventually(t, "a write that is blocked", func() bool {
		return func() bool {
			for stack := range strings.SplitSeq(testkit.Stacks(), "\n\n") {
				if strings.Contains(stack, "[IO wait") && strings.Contains(stack, "TestEvictionBesideABlockedWrite.func1") {
					return true
				}
			}
			return false
		}()
	})
	conn.Put() // by mistake
	other := newServer(t, "tcp").resource()
	start := time.Now()
	mustGet(t, other).Put()
	if took := time.Since(start); took > soon {
		t.Errorf("the Get of another address took %v", took)
	}
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("the blocked write returned %v", err)
	}
}

// TestUsersOwnCloseKeepsItsAlert and its linger.
func TestUsersOwnCloseKeepsItsAlert(t *testing.T) {
	usePool(t, 1)
	s, d := newTLSServer(t, false)
	conn := mustGetWith(t, s.resource(), d)
	there := s.accept()
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	wantEOF(t, there) // without the alert it is io.ErrUnexpectedEOF
}

func TestUsersOwnCloseKeepsItsLinger(t *testing.T) {
	usePool(t, 1)
	s := newServer(t, "tcp")
	conn := mustGet(t, s.resource())
	there := s.accept()
	if err := conn.Conn.(*net.TCPConn).SetLinger(0); err != nil { // a reset
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := there.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the peer read %v, want a reset", err)
	}
}

// TestEvictionDoesNotReset although bytes lie unread, of TLS a session ticket: the
// peer reads all that was written to it, and then the end.
func TestEvictionDoesNotReset(t *testing.T) {
	for _, network := range []string{"tcp", "tls"} {
		t.Run(network, func(t *testing.T) {
			usePool(t, 1)
			s, d := newServerOf(t, network, true)
			conn := mustGetWith(t, s.resource(), d)
			there := s.accept()
			if network == "tcp" {
				talkative(t, there)
				awaitReadable(t, conn.Conn)
			}
			if err := plain(conn.Conn).(*net.TCPConn).SetLinger(0); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Write([]byte(message)); err != nil {
				t.Fatal(err)
			}
			conn.Put()
			mustGet(t, newServer(t, "tcp").resource()).Put()
			got, err := io.ReadAll(there)
			if tlsEnd := network == "tls" && errors.Is(err, io.ErrUnexpectedEOF); string(got) != message || err != nil && !tlsEnd {
				t.Errorf("the peer read %q, %v", got, err)
			}
		})
	}
}

func TestReleaseNeverBlocks(t *testing.T) {
	for _, c := range []struct {
		name string
		conn func(inner net.Conn) net.Conn
		want bool
	}{
		{"tcp", func(inner net.Conn) net.Conn { return inner }, true},
		{"tls", func(inner net.Conn) net.Conn { return tls.Client(inner, &tls.Config{}) }, true},
		{"tls in tls", func(inner net.Conn) net.Conn { return tls.Client(tls.Client(inner, &tls.Config{}), &tls.Config{}) }, true},
		{"wrapped", func(inner net.Conn) net.Conn { return wrapped{inner} }, false},
		{"tls over a wrapper", func(inner net.Conn) net.Conn { return tls.Client(wrapped{inner}, &tls.Config{}) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			usePool(t, 1)
			cr := newServer(t, "tcp").resource()
			conn := mustGetWith(t, cr, dialerFunc(func(network, address string) (net.Conn, error) {
				inner, err := net.Dial(network, address)
				return c.conn(inner), err
			}))
			if got := (*closer)(&cr.c).ReleaseNeverBlocks(); got != c.want {
				t.Errorf("ReleaseNeverBlocks is %v", got)
			}
			conn.Put()
		})
	}
}

// TestReleaseAllocatesNothing for a TCP connection.
func TestReleaseAllocatesNothing(t *testing.T) {
	const n = 20
	usePool(t, n+1)
	s := newServer(t, "tcp")
	var crs [n + 1]*ConnResource
	for i := range crs {
		crs[i] = New(s.network, s.address)
		mustGet(t, crs[i]).Put()
		s.accept()
	}
	i := 0
	if allocs := testing.AllocsPerRun(n, func() { // which runs it once more
		crs[i].ScheduleClose()
		i++
	}); allocs != 0 {
		t.Errorf("%v allocations to close a connection", allocs)
	}
}
