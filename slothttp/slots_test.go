package slothttp_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

func TestEvictionTakesIdleConnections(t *testing.T) {
	tr, pool := newTransport(t, 3)
	var servers []*counted
	for range 9 {
		servers = append(servers, newServer(t, hello))
	}
	for range 3 {
		for _, s := range servers {
			fetch(t, tr, s.URL)
			if n := pool.Stats(); n.InUse+n.Idle+n.Releasing > 3 {
				t.Fatalf("more than the slots: %+v", n)
			}
		}
	}
	if pool.Stats().Evictions == 0 {
		t.Error("nothing was evicted")
	}
	wantIdle(t, pool, 3)
}

// With all slots in use a request waits, until its context is over or one is free.
func TestWaitForSlot(t *testing.T) {
	tr, pool := newTransport(t, 1)
	a, b := newServer(t, hello), newServer(t, hello)
	r, _ := http.NewRequest("GET", a.URL, nil)
	held, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	err = lateAmidWait(t, pool, nil, func(ctx context.Context) error {
		_, err := get(ctx, tr, b.URL)
		return err
	})
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, resourcepool.ErrorResourceLimitExceeded) {
		t.Errorf("error %v", err)
	}
	done := make(chan string)
	go func() {
		body, err := get(t.Context(), tr, b.URL+"/c")
		done <- body
		if err != nil {
			t.Error(err)
		}
	}()
	testkit.Eventually(t, "it waits", func() bool { return pool.Stats().Waiting == 1 })
	_, _ = io.Copy(io.Discard, held.Body)
	held.Body.Close()
	if got := <-done; got != "hello /c" {
		t.Errorf("got %q", got)
	}
}

// A connection that its server closes while it is idle has no slot any more.
func TestServerClosesIdle(t *testing.T) {
	for name, start := range map[string]func(*counted){
		"http":  func(s *counted) { s.Start() },
		"https": func(s *counted) { s.StartTLS() },
		"http2": func(s *counted) { s.EnableHTTP2 = true; s.StartTLS() },
	} {
		t.Run(name, func(t *testing.T) {
			s := newUnstarted(t, hello)
			start(s)
			tr, pool := newTransport(t, 4)
			tr.Base = s.Client().Transport.(*http.Transport)
			for range 3 {
				fetch(t, tr, s.URL)
				wantIdle(t, pool, 1)
				s.CloseClientConnections()
				wantIdle(t, pool, 0)
			}
		})
	}
}

// The same for a connection that nobody ever had: the request that it was
// dialled for had given up.
func TestServerClosesUnclaimed(t *testing.T) {
	s := newServer(t, hello)
	tr, pool := newTransport(t, 4)
	dialling, proceed := holdDials(tr.Base)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-dialling; cancel() }()
	if _, err := get(ctx, tr, s.URL); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	close(proceed)
	wantIdle(t, pool, 1)
	testkit.Eventually(t, "it is accepted", func() bool { return s.conns.Load() == 1 })
	s.CloseClientConnections()
	wantIdle(t, pool, 0)
}

// A connection that nobody ever had serves the next request.
func TestUnclaimedServes(t *testing.T) {
	s := newServer(t, hello)
	tr, pool := newTransport(t, 4)
	tr.IdleConnTimeout = time.Minute
	dialling, proceed := holdDials(tr.Base)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-dialling; cancel() }()
	_, _ = get(ctx, tr, s.URL)
	close(proceed)
	wantIdle(t, pool, 1)
	fetch(t, tr, s.URL)
	wantIdle(t, pool, 1)
	if n := s.conns.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// The slot of an upgraded connection is taken until the body is closed.
func TestUpgradeHoldsItsSlot(t *testing.T) {
	tr, pool := newTransport(t, 1)
	e := &env{T: t, base: tr.Base, rt: tr}
	body := e.upgraded(e.scripted(upgradeAndEcho))
	lines := bufio.NewReader(body)
	for range 3 {
		_, _ = io.WriteString(body, "ping\n")
		if line, err := lines.ReadString('\n'); line != "ping\n" {
			t.Fatalf("got %q, %v", line, err)
		}
		if s := pool.Stats(); s.InUse != 1 {
			t.Fatalf("the slot is not in use: %+v", s)
		}
	}
	other := newServer(t, hello)
	err := lateAmidWait(t, pool, nil, func(ctx context.Context) error {
		_, err := get(ctx, tr, other.URL)
		return err
	})
	if !errors.Is(err, resourcepool.ErrorResourceLimitExceeded) {
		t.Errorf("error %v", err)
	}
	body.Close()
	wantIdle(t, pool, 0)
}

// deaf is a connection whose peer has stopped reading: a write to it waits for
// its deadline, the longest of which is kept.
type deaf struct {
	net.Conn
	on      chan struct{}
	longest *atomic.Int64
}

func (d *deaf) SetWriteDeadline(at time.Time) error {
	if left := int64(time.Until(at)); left > d.longest.Load() {
		d.longest.Store(left)
	}
	return d.Conn.SetWriteDeadline(at)
}

func (d *deaf) Write(p []byte) (int, error) {
	select {
	case <-d.on:
		for { // until the deadline
			if n, err := d.Conn.Write(make([]byte, 1<<16)); err != nil {
				return min(n, 0), err
			}
		}
	default:
		return d.Conn.Write(p)
	}
}

// The close of a TLS connection to a peer that does not read holds up nobody:
// crypto/tls would wait 5 s for its alert to go out.
func TestEvictionOfDeafPeer(t *testing.T) {
	s := newUnstarted(t, func(w http.ResponseWriter, r *http.Request) { hello(w, r) })
	s.StartTLS()
	tr, pool := newTransport(t, 1)
	tr.Base = s.Client().Transport.(*http.Transport).Clone()
	on := make(chan struct{})
	var longest atomic.Int64
	address := s.Listener.Addr().String()
	tr.Base.DialContext = func(ctx context.Context, network, to string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, to)
		if to == address {
			c = &deaf{c, on, &longest}
		}
		return c, err
	}
	fetch(t, tr, s.URL)
	wantIdle(t, pool, 1)
	close(on)
	fetch(t, tr, newServer(t, hello).URL)
	if d := time.Duration(longest.Load()); d <= 0 || d > time.Second {
		t.Errorf("the alert may hold up the close for %v", d)
	}
}

// An answer that is cut short costs its connection, and no more.
func TestUnreadBodyClosesConnection(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 1<<20))
	})
	tr, pool := newTransport(t, 2)
	for range 3 {
		r, _ := http.NewRequest("GET", s.URL, nil)
		response, err := tr.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		wantIdle(t, pool, 0)
	}
}
