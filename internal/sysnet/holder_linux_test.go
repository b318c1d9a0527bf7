package sysnet

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"

	"golang.org/x/sys/unix"
)

// What the holder of a connection may have done to it, and how it may be
// wrapped.

// forEachKind runs a test over each kind of connection.
func forEachKind(t *testing.T, test func(t *testing.T, here, there net.Conn)) {
	for _, k := range []struct {
		name string
		pair makePair
	}{
		{"tcp", tcpPair},
		{"unix", unixPair},
		{"tls", tlsPair(tcpPair, true)},
	} {
		t.Run(k.name, func(t *testing.T) {
			here, there := k.pair(t)
			test(t, here, there)
		})
	}
}

func wantAlive(t *testing.T, p *Probe, want bool) {
	t.Helper()
	if got := p.Alive(); got != want {
		t.Fatalf("alive is %v, want %v", got, want)
	}
}

func TestProbeClosedByItsHolder(t *testing.T) {
	forEachKind(t, func(t *testing.T, here, _ net.Conn) {
		p := NewProbe(here)
		wantAlive(t, p, true)
		if err := here.Close(); err != nil {
			t.Fatal(err)
		}
		wantAlive(t, p, false)
		wantAlive(t, NewProbe(here), false) // one that is made too late
	})
}

func TestProbeDoesNotAskAReusedDescriptor(t *testing.T) {
	here, _ := tcpPair(t)
	p := NewProbe(here)
	wantAlive(t, p, true)
	var number int
	withSocket(t, here, func(fd int) { number = fd })
	if err := here.Close(); err != nil {
		t.Fatal(err)
	}
	// Sockets are opened until one, healthy and quiet, has the old number.
	for tries := 0; ; tries++ {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fds[0])
		defer unix.Close(fds[1])
		if fds[0] == number || fds[1] == number {
			break
		}
		if tries == 100 {
			t.Fatalf("descriptor %d was not given out again", number)
		}
	}
	wantAlive(t, p, false)
}

func TestProbeWithAnExpiredDeadline(t *testing.T) {
	forEachKind(t, func(t *testing.T, here, there net.Conn) {
		if err := here.SetDeadline(time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		p := NewProbe(here)
		wantAlive(t, p, true)
		if _, err := here.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("read after the probe: %v", err)
		}
		closePeer(t, here, there)
		awaitEvents(t, here, in|rdhup)
		wantAlive(t, p, false)
	})
}

func TestProbeBesideABlockedRead(t *testing.T) {
	forEachKind(t, func(t *testing.T, here, there net.Conn) {
		got := make(chan string, 1)
		go blockedRead(here, got)
		testkit.Eventually(t, "a read that is blocked", func() bool {
			for _, stack := range strings.Split(testkit.Stacks(), "\n\n") {
				if strings.Contains(stack, "[IO wait") && strings.Contains(stack, "blockedRead(") {
					return true
				}
			}
			return false
		})
		answer := make(chan bool, 1)
		p := NewProbe(here)
		go func() { answer <- p.Alive() }()
		select {
		case alive := <-answer:
			if !alive {
				t.Error("dead beside a blocked read")
			}
		case <-time.After(testkit.Patience):
			t.Error("the probe is blocked by the read")
		}
		write(t, there)
		if s := <-got; s != message {
			t.Fatalf("the blocked read got %q", s)
		}
	})
}

func blockedRead(conn net.Conn, got chan<- string) {
	buf := make([]byte, len(message))
	n, _ := io.ReadFull(conn, buf)
	got <- string(buf[:n])
}

// wrapper is a connection that shows what it wraps, and not its descriptor.
type wrapper struct{ net.Conn }

func (w wrapper) NetConn() net.Conn { return w.Conn }

// ouroboros wraps itself.
type ouroboros struct{ net.Conn }

func (o *ouroboros) NetConn() net.Conn { return o }

// refuser has a SyscallConn that tells nothing.
type refuser struct {
	net.Conn
	err error
}

func (r refuser) SyscallConn() (syscall.RawConn, error) { return nil, r.err }

func TestProbeReachesThroughWrappers(t *testing.T) {
	for depth := 1; depth < maxUnwrap; depth++ {
		here, there := tcpPair(t)
		var wrapped net.Conn = here
		for range depth {
			wrapped = wrapper{wrapped}
		}
		p := NewProbe(wrapped)
		if p == nil {
			t.Fatalf("no probe through %d wrappers", depth)
		}
		wantAlive(t, p, true)
		write(t, there)
		awaitEvents(t, here, in)
		wantAlive(t, p, true) // data may be the wrapper's own
		closePeer(t, here, there)
		awaitEvents(t, here, in|rdhup)
		wantAlive(t, p, false)
	}
}

func TestProbeOfAnOpaqueConn(t *testing.T) {
	socket, _ := tcpPair(t)
	tooDeep := net.Conn(socket)
	for range maxUnwrap {
		tooDeep = wrapper{tooDeep}
	}
	for name, conn := range map[string]net.Conn{
		"one that hides its socket":   struct{ net.Conn }{socket},
		"a wrapper of nothing":        wrapper{nil},
		"a wrapper of itself":         &ouroboros{socket},
		"too many wrappers":           tooDeep,
		"SyscallConn fails":           refuser{socket, errors.ErrUnsupported},
		"SyscallConn returns nothing": refuser{socket, nil},
		"nil":                         nil,
	} {
		t.Run(name, func(t *testing.T) {
			p := NewProbe(conn)
			if p != nil {
				t.Fatal("a probe of no socket")
			}
			wantAlive(t, p, true)
		})
	}
}

// piped is a connection whose descriptor is no socket.
type piped struct {
	net.Conn
	f *os.File
}

func (p piped) SyscallConn() (syscall.RawConn, error) { return p.f.SyscallConn() }

func TestProbeOfADescriptorThatIsNoSocket(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	defer r.Close()
	plain, wrapped := NewProbe(piped{f: r}), NewProbe(wrapper{piped{f: r}})
	if _, err := w.Write([]byte(message)); err != nil {
		t.Fatal(err)
	}
	wantAlive(t, plain, true) // there is nothing to ask
	wantAlive(t, wrapped, true)
	r.Close()
	wantAlive(t, plain, false)
	wantAlive(t, wrapped, false)
}

func TestAliveAllocatesNothing(t *testing.T) {
	forEachKind(t, func(t *testing.T, here, there net.Conn) {
		p := NewProbe(here)
		ask := func(want bool) {
			t.Helper()
			if n := testing.AllocsPerRun(100, func() {
				if p.Alive() != want {
					t.Fatalf("alive is not %v", want)
				}
			}); n != 0 {
				t.Errorf("%v allocations to find that alive is %v", n, want)
			}
		}
		ask(true)
		closePeer(t, here, there)
		awaitEvents(t, here, in|rdhup)
		ask(false)
	})
}

func TestAliveAllocatesNothingWithATicketUnread(t *testing.T) {
	here, _ := tlsPair(tcpPair, true)(t)
	awaitEvents(t, here, in)
	p := NewProbe(here)
	if n := testing.AllocsPerRun(100, func() { wantAlive(t, p, true) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
