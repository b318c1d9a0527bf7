package connpool

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/sysnet"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// dialPool is a Pool of so many slots that dials for real.
func dialPool(t *testing.T, slots uint, change func(*Pool)) *Pool {
	t.Helper()
	p := &Pool{Slots: fakeSlots(slots)}
	if change != nil {
		change(p)
	}
	t.Cleanup(func() {
		if err := p.Shutdown(patient(t)); err != nil {
			t.Errorf("Shutdown: %v; %+v", err, p.Stats())
		}
		// Shutdown waits for the connections. Their slots are free a moment later, when the
		// Release that closed one, or the Allocate that failed, has returned.
		testkit.Eventually(t, "all slots free", func() bool {
			st := p.Slots.Stats()
			return st.InUse+st.Idle+st.Releasing+st.Waiting == 0
		})
	})
	return p
}

func mustDial(t *testing.T, p *Pool, s *server) net.Conn {
	t.Helper()
	c, err := p.DialContext(patient(t), s.network, s.address)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDialContextHoldsASlotUntilClose(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			s := newServer(t, network)
			p := dialPool(t, 1, nil)
			c := mustDial(t, p, s)
			wantTalk(t, c, s.accept())
			wantUsage(t, p.Slots, 1, 0)
			if n := p.Stats().Dialed; n != 1 {
				t.Fatalf("%d are open", n)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
			defer cancel()
			_, err := p.DialContext(ctx, s.network, s.address)
			wantIs(t, "a second one", err, context.DeadlineExceeded, resourcepool.ErrorResourceLimitExceeded)
			testkit.WantErr(t, "Close", c.Close(), nil)
			wantUsage(t, p.Slots, 0, 0)
			d := mustDial(t, p, s)
			wantIs(t, "a second Close", c.Close(), net.ErrClosed)
			wantUsage(t, p.Slots, 1, 0) // it did not free the slot of d
			d.Close()
		})
	}
}

func TestDialContextKeepsTheMethodsThatClientsLookFor(t *testing.T) {
	s := newServer(t, "tcp")
	for _, quiet := range []time.Duration{0, time.Hour} {
		p := dialPool(t, 1, func(p *Pool) { p.EvictQuiet = quiet })
		c := mustDial(t, p, s)
		if _, ok := c.(interface {
			syscall.Conn
			io.ReaderFrom
			io.WriterTo
			CloseRead() error
			CloseWrite() error
			SetLinger(int) error
			SetNoDelay(bool) error
			SetKeepAlive(bool) error
			SetKeepAliveConfig(net.KeepAliveConfig) error
		}); !ok {
			t.Errorf("%T hides methods of *net.TCPConn", c)
		}
		c.Close()
	}
}

func TestDialContextOfOtherConnections(t *testing.T) {
	web := httptest.NewTLSServer(http.NotFoundHandler())
	defer web.Close()
	p := dialPool(t, 1, func(p *Pool) {
		p.DialFunc = (&tls.Dialer{Config: web.Client().Transport.(*http.Transport).TLSClientConfig}).DialContext
	})
	c, err := p.DialContext(patient(t), "tcp", web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := c.(interface{ NetConn() net.Conn }).NetConn().(*tls.Conn); !ok {
		t.Errorf("NetConn of %T is no *tls.Conn", c)
	}
	if sysnet.NewProbe(c) == nil {
		t.Error("its socket cannot be found")
	}
	c.Close()
	here, _ := net.Pipe()
	p = dialPool(t, 1, func(p *Pool) {
		p.DialFunc = func(context.Context, string, string) (net.Conn, error) { return shown{here}, nil }
	})
	if c, err = p.DialContext(patient(t), "tcp", "x:1"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.(syscall.Conn).SyscallConn(); err != errFake {
		t.Errorf("SyscallConn: %v", err)
	}
	c.Close()
}

// shown has a SyscallConn, of a sort.
type shown struct{ net.Conn }

func (shown) SyscallConn() (syscall.RawConn, error) { return nil, errFake }

func TestDialContextOfAContextThatNeverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := fakePool(t, 1, func(p *Pool) { p.DialTimeout = 10 * time.Millisecond })
		c := get(t, p, "x:1")
		began := time.Now()
		_, err := p.DialContext(context.Background(), "tcp", "y:1")
		if took := time.Since(began); took != 10*time.Millisecond { // the bubble's clock would pass years as well
			t.Errorf("waited for %v, want DialTimeout", took)
		}
		wantIs(t, "DialContext", err, resourcepool.ErrorResourceLimitExceeded, context.DeadlineExceeded)
		var n net.Error
		if !errors.As(err, &n) || !n.Timeout() {
			t.Errorf("%v: want Timeout", err)
		}
		c.Put()
	})
}

func TestDialContextIsCancelledInItsDial(t *testing.T) {
	p, n := fakePool(t, 1, nil)
	dialing := n.hang()
	ctx, cancel := context.WithCancel(context.Background())
	failed := make(chan error)
	go func() { _, err := p.DialContext(ctx, "tcp", "x:1"); failed <- err }()
	<-dialing
	cancel()
	wantIs(t, "DialContext", <-failed, context.Canceled)
	wantUsage(t, p.Slots, 0, 0)
}

func TestHTTPClientOverDialContext(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
	defer web.Close()
	p := dialPool(t, 2, nil)
	client := &http.Client{Transport: &http.Transport{DialContext: p.DialContext}}
	for range 10 {
		r, err := client.Get(web.URL)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r.Body); err != nil || string(b) != "hello" {
			t.Fatalf("%q, %v", b, err)
		}
		r.Body.Close()
	}
	wantUsage(t, p.Slots, 1, 0)
	client.CloseIdleConnections()
	testkit.Eventually(t, "the slot free", func() bool { return p.Slots.Stats().InUse == 0 })
}
