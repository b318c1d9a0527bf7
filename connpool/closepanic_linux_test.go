package connpool

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// The panics of a user's connection.
type panicking struct {
	net.Conn
	netConn, syscallConn bool
	control              *bool
}

func (p panicking) NetConn() net.Conn {
	if p.netConn {
		panic("fake panic")
	}
	return p.Conn
}

type panickingSyscall struct{ panicking }

func (p panickingSyscall) SyscallConn() (syscall.RawConn, error) {
	if p.syscallConn {
		panic("fake panic")
	}
	raw, err := p.Conn.(syscall.Conn).SyscallConn()
	return panickingRaw{raw, p.control}, err
}

type panickingRaw struct {
	syscall.RawConn
	control *bool
}

func (p panickingRaw) Control(f func(uintptr)) error {
	if *p.control {
		panic("fake panic")
	}
	return p.RawConn.Control(f)
}

// TestPanicOfAUsersConnectionInItsDialLeaksNothing has each of its methods panic
// while a Get dials.
func TestPanicOfAUsersConnectionInItsDialLeaksNothing(t *testing.T) {
	now1 := true
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"NetConn":     func(c net.Conn) net.Conn { return panicking{Conn: c, netConn: true} },
		"SyscallConn": func(c net.Conn) net.Conn { return panickingSyscall{panicking{Conn: c, syscallConn: true}} },
		"Control":     func(c net.Conn) net.Conn { return panickingSyscall{panicking{Conn: c, control: &now1}} },
	} {
		t.Run(name, func(t *testing.T) {
			p := usePool(t, 1)
			s := newServer(t, "tcp")
			d := dialerFunc(func(network, address string) (net.Conn, error) {
				inner, err := net.Dial(network, address)
				return wrap(inner), err
			})
			testkit.WantPanic(t, "fake panic", func() { _, _ = s.resource().GetWithDialer(now(), d) })
			wantEOF(t, s.accept())
			wantUsage(t, p, 0, 0)
		})
	}
}

// TestPanicOfAUsersConnectionInItsReuseLeaksNothing has one panic while a Get looks at what is
// parked, or is handed over.
func TestPanicOfAUsersConnectionInItsReuseLeaksNothing(t *testing.T) {
	for _, wait := range []bool{false, true} {
		t.Run(map[bool]string{false: "reuse", true: "hand-over"}[wait], func(t *testing.T) {
			p := usePool(t, 1)
			s := newServer(t, "tcp")
			later := false
			cr := s.resource()
			conn := mustGetWith(t, cr, dialerFunc(func(network, address string) (net.Conn, error) {
				inner, err := net.Dial(network, address)
				return panickingSyscall{panicking{Conn: inner, control: &later}}, err
			}))
			there := s.accept()
			later = true
			if wait {
				go func() {
					for p.Stats().Waiting == 0 {
						time.Sleep(time.Millisecond)
					}
					conn.Put()
				}()
				testkit.WantPanic(t, "fake panic", func() { _, _ = cr.GetWithDialer(nil, mustNotDial(t)) })
			} else {
				conn.Put()
				testkit.WantPanic(t, "fake panic", func() { _, _ = cr.GetWithDialer(now(), mustNotDial(t)) })
			}
			wantEOF(t, there)
			wantUsage(t, p, 0, 0)
			conn = mustGet(t, cr)
			wantTalk(t, conn, s.accept())
			conn.Put()
		})
	}
}

// TestPanicOfControlInAnEviction still closes the victim.
func TestPanicOfControlInAnEviction(t *testing.T) {
	p := usePool(t, 1)
	s := newServer(t, "tcp")
	later := false
	mustGetWith(t, s.resource(), dialerFunc(func(network, address string) (net.Conn, error) {
		inner, err := net.Dial(network, address)
		return panickingSyscall{panicking{Conn: inner, control: &later}}, err
	})).Put()
	there := s.accept()
	later = true
	testkit.WantPanic(t, "fake panic", func() { mustGet(t, newServer(t, "tcp").resource()) })
	wantEOF(t, there)
	wantUsage(t, p, 0, 0)
}
