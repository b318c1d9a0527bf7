package connpool

import (
	"crypto/tls"
	"net"
	"runtime/debug"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/slotpool/slotpool/internal/testkit"

	"github.com/slotpool/slotpool/resourcepool"
)

func TestFault1CloseAndEvictionCloseTheSocket(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // no finalizer helps
	t.Run("close", func(t *testing.T) {
		usePool(t, 1)
		s := newServer(t, "tcp")
		cr := s.resource()
		before := testkit.Descriptors()
		for range 100 {
			conn := mustGet(t, cr)
			there := s.accept()
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
			wantEOF(t, there)
			there.Close()
		}
		if leaked := testkit.LeakedDescriptors(before); leaked != "" {
			t.Fatalf("after 100 times Get and Close there are\n%s", leaked)
		}
	})
	t.Run("eviction", func(t *testing.T) {
		p := usePool(t, 1)
		s, other := newServer(t, "tcp"), newServer(t, "tcp")
		mustGet(t, s.resource()).Put()
		there := s.accept()
		conn := mustGet(t, other.resource())
		other.accept()
		wantEOF(t, there) // while the evictor has its connection
		if n := p.Stats().Evictions; n != 1 {
			t.Fatalf("%d evictions", n)
		}
		conn.Put()
	})
}

// awaitReadable wraps ppoll(2). It waits until the kernel has got what the
// peer did, and takes nothing from the socket.
func awaitReadable(t *testing.T, conn net.Conn) {
	t.Helper()
	raw, err := plain(conn).(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	const pollIn = 1
	fds := struct {
		fd              int32
		events, revents int16
	}{events: pollIn}
	var n uintptr
	errno := syscall.EINTR
	if err := raw.Control(func(fd uintptr) {
		fds.fd = int32(fd)
		for errno == syscall.EINTR {
			limit := syscall.NsecToTimespec(int64(testkit.Patience))
			n, _, errno = syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&fds)), 1,
				uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if n != 1 {
		t.Fatalf("nothing from the peer within %v: %v", testkit.Patience, errno)
	}
}

func plain(conn net.Conn) net.Conn {
	if c, ok := conn.(*tls.Conn); ok {
		return c.NetConn()
	}
	return conn
}

// The ways of a peer to end a connection, or to spoil it.

func closed(t *testing.T, there net.Conn) {
	t.Helper()
	if err := there.Close(); err != nil {
		t.Fatal(err)
	}
}

func aborted(t *testing.T, there net.Conn) {
	t.Helper()
	if err := plain(there).(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	closed(t, plain(there))
}

func halfClosed(t *testing.T, there net.Conn) {
	t.Helper()
	if err := plain(there).(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
}

func talkative(t *testing.T, there net.Conn) {
	t.Helper()
	if _, err := there.Write([]byte("unasked")); err != nil {
		t.Fatal(err)
	}
}

func TestFault7DeadParkedConnectionIsReplaced(t *testing.T) {
	lookOnly(t)
	for _, c := range []struct {
		name, network string
		end           func(*testing.T, net.Conn)
	}{
		{"tcp/closed", "tcp", closed},
		{"tcp/reset", "tcp", aborted},
		{"tcp/half-closed", "tcp", halfClosed},
		{"tcp/unexpected data", "tcp", talkative},
		{"unix/closed", "unix", closed},
		{"unix/half-closed", "unix", halfClosed},
		{"unix/unexpected data", "unix", talkative},
		{"tls/closed", "tls", closed},
		{"tls/reset", "tls", aborted},
		{"tls/half-closed", "tls", halfClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := usePool(t, 1)
			s, d := newServerOf(t, c.network, false) // quiet until it is ended
			testReplacement(t, p, s, d, c.end)
		})
	}
}

func testReplacement(t *testing.T, p *resourcepool.Pool, s *server, d Dialer, end func(*testing.T, net.Conn)) {
	cr := s.resource()
	conn := mustGetWith(t, cr, d)
	there := s.accept()
	dead := conn.Conn
	conn.Put()
	end(t, there)
	awaitReadable(t, dead)

	conn = mustGetWith(t, cr, dialerFunc(func(network, address string) (net.Conn, error) {
		wantUsage(t, p, 1, 0) // the slot is kept
		if _, err := dead.Write([]byte("x")); err == nil {
			t.Error("the dead connection is still open while its replacement is dialled")
		}
		return d.Dial(network, address)
	}))
	if conn.Conn == dead {
		t.Fatal("the dead connection was handed out")
	}
	wantTalk(t, conn, s.accept())
	conn.Put()
	if st := p.Stats(); st.DeadOnCheck != 1 || st.Evictions != 0 || st.Allocations != 2 || st.Idle != 1 {
		t.Fatalf("dead on check %d, evictions %d, allocations %d, idle %d; want 1, 0, 2, 1",
			st.DeadOnCheck, st.Evictions, st.Allocations, st.Idle)
	}
	mustGetWith(t, cr, mustNotDial(t)).Put()
}

// TestFault7DeadConnectionFromThePreviousHolder has a Get that waits for the
// connection and is handed a dead one.
func TestFault7DeadConnectionFromThePreviousHolder(t *testing.T) {
	lookOnly(t)
	p := usePool(t, 1)
	s := newServer(t, "tcp")
	cr := s.resource()
	conn := mustGet(t, cr)
	there := s.accept()
	dead := conn.Conn
	type result struct {
		conn *Conn
		err  error
	}
	got := make(chan result, 1)
	go func() {
		conn, err := cr.Get(nil, testkit.Patience)
		got <- result{conn, err}
	}()
	testkit.Eventually(t, "a Get that waits", func() bool { return p.Stats().Waiting == 1 })
	closed(t, there)
	awaitReadable(t, dead)
	conn.Put()
	r := <-got
	if r.err != nil || r.conn.Conn == dead {
		t.Fatalf("got the dead connection, or %v", r.err)
	}
	wantTalk(t, r.conn, s.accept())
	r.conn.Put()
	if st := p.Stats(); st.DeadOnCheck != 1 {
		t.Fatalf("%d dead on check", st.DeadOnCheck)
	}
}

// parkedDead returns a pool of one slot in which a connection is parked that the server has closed.
func parkedDead(t *testing.T) (p *resourcepool.Pool, s *server, cr *ConnResource, dead net.Conn) {
	t.Helper()
	lookOnly(t)
	p = usePool(t, 1)
	s = newServer(t, "tcp")
	cr = s.resource()
	conn := mustGet(t, cr)
	dead = conn.Conn
	conn.Put()
	closed(t, s.accept())
	awaitReadable(t, dead)
	return p, s, cr, dead
}

func TestReplacementThatFailsToDial(t *testing.T) {
	p, s, cr, _ := parkedDead(t)
	_, err := cr.GetWithDialer(now(), dialerFunc(func(string, string) (net.Conn, error) { return nil, errFake }))
	testkit.WantErr(t, "Get", err, errFake)
	wantUsage(t, p, 0, 0)
	conn := mustGet(t, cr)
	wantTalk(t, conn, s.accept())
	conn.Put()
}

func TestReplacementWhoseDialerPanics(t *testing.T) {
	p, _, cr, dead := parkedDead(t)
	testkit.WantPanic(t, "fake panic", func() {
		_, _ = cr.GetWithDialer(now(), dialerFunc(func(string, string) (net.Conn, error) { panic("fake panic") }))
	})
	wantUsage(t, p, 0, 0)
	if err := dead.SetDeadline(time.Now()); err == nil {
		t.Fatal("the dead connection is still open")
	}
}

// TestHolderClosesTheInnerConnection goes behind the pool's back.
func TestHolderClosesTheInnerConnection(t *testing.T) {
	p := usePool(t, 1)
	s := newServer(t, "tcp")
	cr := s.resource()
	conn := mustGet(t, cr)
	closed(t, conn.Conn)
	wantEOF(t, s.accept())
	conn.Put()
	conn = mustGet(t, cr)
	wantTalk(t, conn, s.accept())
	conn.Put()
	if st := p.Stats(); st.DeadOnCheck != 1 || st.Idle != 1 {
		t.Fatalf("dead on check %d, idle %d", st.DeadOnCheck, st.Idle)
	}
}
