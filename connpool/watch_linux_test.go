package connpool

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// TestWatchClosesWhatIsParked at once, without a Get.
func TestWatchClosesWhatIsParked(t *testing.T) {
	for name, end := range map[string]func(*testing.T, net.Conn){
		"closed": closed, "reset": aborted, "half-closed": halfClosed,
	} {
		for _, network := range []string{"tcp", "unix", "tls"} {
			if network == "unix" && name == "reset" {
				continue
			}
			t.Run(network+"/"+name, func(t *testing.T) {
				p := usePool(t, 1)
				s, d := newServerOf(t, network, true)
				conn := mustGetWith(t, s.resource(), d)
				inner, there := conn.Conn, s.accept()
				conn.Put()
				wantUsage(t, p, 0, 1)
				end(t, there)
				testkit.Eventually(t, "a free slot", func() bool { return parked(p) == 0 })
				wantUsage(t, p, 0, 0)
				if err := inner.SetDeadline(time.Now()); err == nil {
					t.Error("the connection is still open")
				}
			})
		}
	}
}

// TestWatchClosesWhatIsInUseAtItsPut and not before, as there is something to
// read.
func TestWatchClosesWhatIsInUseAtItsPut(t *testing.T) {
	p := usePool(t, 2)
	s := newServer(t, "tcp")
	cr := s.resource()
	conn := mustGet(t, cr)
	inner := conn.Conn
	testPeerCloses(t, conn, s.accept())
	awaitWatch(t, p, s)
	wantUsage(t, p, 1, 0)
	conn.Put()
	wantUsage(t, p, 0, 0)
	if err := inner.SetDeadline(time.Now()); err == nil {
		t.Error("the connection is still open")
	}
	conn = mustGet(t, cr)
	wantTalk(t, conn, s.accept())
	conn.Put()
}

// parked is the number of slots that have something in them that nobody uses.
func parked(p *resourcepool.Pool) uint {
	st := p.Stats()
	return st.Idle + st.Releasing
}

// awaitWatch returns when what the kernel has told the watcher before the call
// was done: it ends another connection, and waits until that is seen.
func awaitWatch(t *testing.T, p *resourcepool.Pool, s *server) {
	t.Helper()
	idle := parked(p)
	mustGet(t, s.resource()).Put()
	closed(t, s.accept())
	testkit.Eventually(t, "a free slot", func() bool { return parked(p) == idle })
}

// TestWatchSlotIsFreeForOthers takes the slot of a connection whose peer is gone, without an eviction.
func TestWatchSlotIsFreeForOthers(t *testing.T) {
	p := usePool(t, 1)
	s := newServer(t, "tcp")
	mustGet(t, s.resource()).Put()
	closed(t, s.accept())
	testkit.Eventually(t, "a free slot", func() bool { return parked(p) == 0 })
	conn := mustGet(t, s.resource())
	conn.Put()
	if n := p.Stats().Evictions; n != 0 {
		t.Errorf("%d evictions with a slot free", n)
	}
}

// TestWatchOfAConnectionThatEndsDuringItsDial: the news comes before the dial has
// returned, so for a generation that is yet to begin.
func TestWatchOfAConnectionThatEndsDuringItsDial(t *testing.T) {
	p := usePool(t, 1)
	s := newServer(t, "tcp")
	for range 50 {
		cr := s.resource()
		conn := mustGetWith(t, cr, dialerFunc(func(network, address string) (net.Conn, error) {
			inner, err := net.Dial(network, address)
			if err == nil {
				closed(t, s.accept())
				awaitReadable(t, inner)
			}
			return inner, err
		}))
		conn.Put()
		testkit.Eventually(t, "a free slot", func() bool { return parked(p) == 0 })
	}
}

// TestNoCloseWaitAfterAThousandCloses counts in /proc/net/tcp.
func TestNoCloseWaitAfterAThousandCloses(t *testing.T) {
	const n = 1000
	p := usePool(t, n)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	there := make([]net.Conn, n)
	for i := range there {
		mustGet(t, newResource(t, "tcp", l.Addr().String())).Put()
		if there[i], err = l.Accept(); err != nil {
			t.Fatal(err)
		}
	}
	wantUsage(t, p, 0, n)
	for _, conn := range there {
		conn.Close()
	}
	start := time.Now()
	testkit.Eventually(t, "all closed", func() bool { return parked(p) == 0 })
	t.Logf("all %d closed %v after the last close of the peers", n, time.Since(start))
	if left := closeWaits(t, l.Addr()); left != 0 {
		t.Errorf("%d connections in CLOSE_WAIT", left)
	}
}

// closeWaits counts the connections to an address that are in CLOSE_WAIT.
func closeWaits(t *testing.T, to net.Addr) int {
	t.Helper()
	return inState(t, to.(*net.TCPAddr).Port, "08")
}

// inState counts the sockets with a port of 127.0.0.1 for their peer that are in a state of tcp(7),
// given as proc(5) shows it.
func inState(t *testing.T, port int, state string) (n int) {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	remote := fmt.Sprintf("0100007F:%04X", port)
	for line := range bytes.Lines(table) {
		if f := bytes.Fields(line); len(f) > 3 && string(f[2]) == remote && string(f[3]) == state {
			n++
		}
	}
	return n
}

// TestFirstGetInABubble has a process whose first Get is made in a bubble, which
// must end all the same. Later ones outside are watched.
func TestFirstGetInABubble(t *testing.T) {
	if !inChild(t) {
		runChild(t)
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	before := runtime.NumGoroutine()
	synctest.Test(t, func(t *testing.T) {
		cr := New("tcp", l.Addr().String())
		conn, err := cr.Get(now(), 0)
		if err != nil {
			t.Fatal(err)
		}
		conn.Put()
		time.Sleep(time.Hour)
		if conn, err = cr.Get(now(), 0); err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	// One of the bubble may have ended, and be counted still.
	testkit.Eventually(t, "as many goroutines as before the bubble", func() bool { return runtime.NumGoroutine() <= before })
	first, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	wantEOF(t, first)
	mustGet(t, newResource(t, "tcp", l.Addr().String())).Put()
	second, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	closed(t, second)
	testkit.Eventually(t, "a free slot", func() bool { return GetResourcePool().Stats().Idle == 0 })
}
