package connpool

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// fullListener returns the address of a listener whose queue is full: its
// kernel drops further attempts to connect, which hang.
func fullListener(t *testing.T) string {
	t.Helper()
	return testkit.NewStuckDial(t).Address
}

func TestGetTimesOut(t *testing.T) {
	p := usePool(t, 1)
	cr := newResource(t, "tcp", fullListener(t))
	conn, err := cr.Get(now(), 20*time.Millisecond)
	if conn != nil {
		t.Fatal("connected")
	}
	if e, ok := err.(net.Error); !ok || !e.Timeout() {
		t.Fatalf("%T %v, want a timeout", err, err)
	}
	wantUsage(t, p, 0, 0)
	if _, err := cr.Get(now(), time.Nanosecond); err == nil {
		t.Fatal("connected within a nanosecond")
	}
}

func option(t *testing.T, conn net.Conn, level, option int) (value int) {
	t.Helper()
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if e := raw.Control(func(fd uintptr) {
		value, err = syscall.GetsockoptInt(int(fd), level, option)
	}); e != nil {
		t.Fatal(e)
	}
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestSocketOptions(t *testing.T) {
	const tcpUserTimeout = 18 // TCP_USER_TIMEOUT
	usePool(t, 1)
	s := newServer(t, "tcp")
	for name, c := range map[string]struct {
		get                    func(*ConnResource) (*Conn, error)
		keepAlive, userTimeout int
	}{
		"Get": {func(cr *ConnResource) (*Conn, error) {
			return cr.Get(now(), testkit.Patience)
		}, 1, 60_000},
		"Get without a timeout": {func(cr *ConnResource) (*Conn, error) {
			return cr.Get(now(), -1)
		}, 1, 60_000},
		"GetWithDialer": {func(cr *ConnResource) (*Conn, error) {
			return cr.GetWithDialer(now(), &net.Dialer{})
		}, 1, 0},
		"GetWithDialer without keepalive": {func(cr *ConnResource) (*Conn, error) {
			return cr.GetWithDialer(now(), &net.Dialer{KeepAlive: -1})
		}, 0, 0},
	} {
		conn, err := c.get(s.resource())
		if err != nil {
			t.Fatal(err)
		}
		if got := option(t, conn.Conn, syscall.SOL_SOCKET, syscall.SO_KEEPALIVE); got != c.keepAlive {
			t.Errorf("%s: SO_KEEPALIVE is %d, want %d", name, got, c.keepAlive)
		}
		if got := option(t, conn.Conn, syscall.IPPROTO_TCP, tcpUserTimeout); got != c.userTimeout {
			t.Errorf("%s: TCP_USER_TIMEOUT is %d, want %d", name, got, c.userTimeout)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}
