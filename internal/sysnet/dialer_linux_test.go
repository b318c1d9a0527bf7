package sysnet

import (
	"errors"
	"net"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"

	"golang.org/x/sys/unix"
)

// TestDialerSetsDeadPeerOptions reads back what was set.
func TestDialerSetsDeadPeerOptions(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(address, func(t *testing.T) {
			l, err := net.Listen("tcp", address)
			if err != nil {
				if address == "[::1]:0" {
					t.Skipf("no IPv6: %v", err)
				}
				t.Fatal(err)
			}
			defer l.Close()
			conn, err := Dialer(testkit.Patience).Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for _, o := range []struct {
				name                string
				level, option, want int
			}{
				{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
				{"TCP_KEEPIDLE", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15},
				{"TCP_KEEPINTVL", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
				{"TCP_KEEPCNT", unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3},
				{"TCP_USER_TIMEOUT", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 60_000},
				{"TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY, 1}, // as from net.Dial
			} {
				withSocket(t, conn, func(fd int) {
					got, err := unix.GetsockoptInt(fd, o.level, o.option)
					if err != nil || got != o.want {
						t.Errorf("%s is %d, %v; want %d", o.name, got, err, o.want)
					}
				})
			}
		})
	}
}

func TestUserTimeoutErrors(t *testing.T) {
	here, there := tcpPair(t)
	err := setUserTimeoutOf(here.(*net.TCPConn), -1_000_000_000)
	if want := "setsockopt: invalid argument"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := setUserTimeoutOf(here.(*net.TCPConn), UserTimeout); err != nil {
		t.Error(err)
	}
	there.Close()
	if err := setUserTimeoutOf(there.(*net.TCPConn), UserTimeout); !errors.Is(err, net.ErrClosed) {
		t.Errorf("of a closed connection: %v", err)
	}
}
