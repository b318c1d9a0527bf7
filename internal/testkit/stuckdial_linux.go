package testkit

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// StuckDial is a listener with a full queue, so that a dial of it hangs until the test
// lets it go on. Its SYN is sent again after a second.
type StuckDial struct {
	Address string
	fd      int
	closed  sync.Once
}

// NewStuckDial listens on loopback until the test ends, and fills its queue.
func NewStuckDial(t testing.TB) *StuckDial {
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
	FillQueue(t, d.Address)
	return d
}

// FillQueue fills the queue of a listener on loopback that has a backlog of 0: one connection
// does. Whether it is full says the kernel, as a dial that takes long tells of a busy
// machine too.
func FillQueue(t testing.TB, address string) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, Patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	to := netip.MustParseAddrPort(address)
	Eventually(t, "a full queue", func() bool { return queued(t, to) == 1 })
}

// queued is how many connections a listener has not accepted: the queue for receiving of a socket that
// listens, in the table that proc(5) shows.
func queued(t testing.TB, to netip.AddrPort) int {
	t.Helper()
	file := "/proc/net/tcp"
	if to.Addr().Is6() {
		file += "6"
	}
	table, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const listens = "0A"
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) < 5 || f[3] != listens || !strings.HasSuffix(f[1], fmt.Sprintf("%08X:%04X", lastWord(to.Addr()), to.Port())) {
			continue
		}
		_, waiting, _ := strings.Cut(f[4], ":")
		n, err := strconv.ParseInt(waiting, 16, 0)
		if err != nil {
			t.Fatal(err)
		}
		return int(n)
	}
	return 0
}

// lastWord is the end of an address as the table has it: in the byte order of the machine.
func lastWord(a netip.Addr) uint32 {
	bytes := a.AsSlice()
	return binary.NativeEndian.Uint32(bytes[len(bytes)-4:])
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
