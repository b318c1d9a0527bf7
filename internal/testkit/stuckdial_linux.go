package testkit

import (
	"net"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// StuckDial is a listener with a full queue, so that a dial of it hangs until the test
// lets it go on. Its SYN is sent again after a second.
type StuckDial struct {
	Address string
	fd      int
	closed  sync.Once
}

// NewStuckDial listens on loopback until the test ends, and fills its queue.
func NewStuckDial(t *testing.T) *StuckDial {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	d := &StuckDial{fd: fd}
	t.Cleanup(d.Refuse)
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	d.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*syscall.SockaddrInet4).Port))
	for range 16 {
		conn, err := net.DialTimeout("tcp", d.Address, 100*time.Millisecond)
		if err != nil {
			return d
		}
		t.Cleanup(func() { conn.Close() })
	}
	t.Fatal("the queue of the listener does not fill up")
	return nil
}

// Answer empties the queue, so that the dial is accepted.
func (d *StuckDial) Answer() {
	_ = syscall.SetNonblock(d.fd, true)
	for {
		fd, _, err := syscall.Accept(d.fd)
		if err != nil {
			return
		}
		syscall.Close(fd)
	}
}

// Refuse closes the listener, so that the dial is refused.
func (d *StuckDial) Refuse() { d.closed.Do(func() { syscall.Close(d.fd) }) }
