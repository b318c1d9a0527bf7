package connpool

import (
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestErrorsOfTheDialerComeVerbatim(t *testing.T) {
	p := usePool(t, 1)
	cr := newResource(t, "tcp", "nowhere:1")
	_, err := cr.GetWithDialer(now(), dialerFunc(func(network, address string) (net.Conn, error) {
		if network != "tcp" || address != "nowhere:1" {
			t.Errorf("asked to dial %q %q", network, address)
		}
		return nil, errFake
	}))
	testkit.WantErr(t, "Get", err, errFake)
	wantUsage(t, p, 0, 0)

	// Some dialers return their nil pointer as a net.Conn that is not nil.
	_, err = cr.GetWithDialer(now(), dialerFunc(func(string, string) (net.Conn, error) {
		var none *net.TCPConn
		return none, errFake
	}))
	testkit.WantErr(t, "Get with a nil pointer and an error", err, errFake)
	wantUsage(t, p, 0, 0)
	if n := p.Stats().AllocationErrors; n != 2 {
		t.Fatalf("%d allocation errors", n)
	}
}

func TestErrorsOfNetComeVerbatim(t *testing.T) {
	p := usePool(t, 1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	for _, c := range []struct{ network, address string }{
		{"tcp", nobody},
		{"tcp", "127.0.0.1"},
		{"tcp", ""},
		{"nonsense", nobody},
	} {
		_, err := New(c.network, c.address).Get(now(), testkit.Patience)
		if e, ok := err.(*net.OpError); !ok || e.Op != "dial" || e.Net != c.network {
			t.Errorf("%s %q: %T %v, want the *net.OpError of the dial", c.network, c.address, err, err)
		}
	}
	wantUsage(t, p, 0, 0)
}

func TestDialersThatReturnNothing(t *testing.T) {
	p := usePool(t, 1)
	for name, c := range map[string]struct {
		dialer Dialer
		says   string
	}{
		"nil":         {nil, "nil Dialer"},
		"nil and nil": {dialerFunc(func(string, string) (net.Conn, error) { return nil, nil }), "connpool.dialerFunc"},
	} {
		conn, err := New("tcp", "nowhere:1").GetWithDialer(now(), c.dialer)
		if conn != nil || err == nil {
			t.Fatalf("%s: %v, %v", name, conn, err)
		}
		for _, want := range []string{"connpool: ", c.says, "tcp nowhere:1"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", name, err, want)
			}
		}
		wantUsage(t, p, 0, 0)
	}
}

// TestReuseNeedsNoDialer: the dialer matters only if there is nothing to reuse.
func TestReuseNeedsNoDialer(t *testing.T) {
	usePool(t, 1)
	cr := newResource(t, "tcp", "nowhere:1")
	mustGetWith(t, cr, newPipe(t)).Put()
	mustGetWith(t, cr, nil).Put()
}

func TestDialerThatPanics(t *testing.T) {
	p := usePool(t, 1)
	cr := newResource(t, "tcp", "nowhere:1")
	testkit.WantPanic(t, "fake panic", func() {
		_, _ = cr.GetWithDialer(now(), dialerFunc(func(string, string) (net.Conn, error) { panic("fake panic") }))
	})
	wantUsage(t, p, 0, 0)
	mustGetWith(t, cr, newPipe(t)).Put()
}

// TestDialerRunsOnTheGoroutineOfGet by ending it.
func TestDialerRunsOnTheGoroutineOfGet(t *testing.T) {
	p := usePool(t, 1)
	ended := make(chan bool, 1)
	go func() {
		returned := false
		defer func() { ended <- !returned }()
		_, _ = New("tcp", "nowhere:1").GetWithDialer(now(), dialerFunc(exitingDial))
		returned = true
	}()
	if !<-ended {
		t.Fatal("Get returned")
	}
	wantUsage(t, p, 0, 0)
}

func exitingDial(string, string) (net.Conn, error) {
	runtime.Goexit()
	return nil, nil
}
