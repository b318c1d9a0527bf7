package sysnet

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestDialerTimeout(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{
		-time.Second: 0,
		0:            0,
		time.Minute:  time.Minute,
	} {
		if got := Dialer(timeout).dialer.Timeout; got != want {
			t.Errorf("Dialer(%v) has the timeout %v, want %v", timeout, got, want)
		}
	}
}

// TestDialerOfOtherNetworks dials what has no TCP options to set.
func TestDialerOfOtherNetworks(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Skipf("no unix sockets: %v", err)
	}
	defer l.Close()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	for _, address := range []net.Addr{l.Addr(), packets.LocalAddr()} {
		conn, err := Dialer(testkit.Patience).Dial(address.Network(), address.String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if got := conn.RemoteAddr().String(); got != address.String() {
			t.Errorf("connected to %s, want %s", got, address)
		}
	}
}

func TestDialerReturnsTheErrorOfNet(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	conn, err := Dialer(testkit.Patience).Dial("tcp", nobody)
	if conn != nil {
		t.Fatalf("connected to %s, where nobody listens", nobody)
	}
	if e, ok := err.(*net.OpError); !ok || e.Op != "dial" || e.Addr.String() != nobody {
		t.Fatalf("%T %v, want the *net.OpError of dialling %s", err, err, nobody)
	}
}
