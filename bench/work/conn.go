package work

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"
)

// A ConnContender is a kind of connection pool that takes part.
type ConnContender interface {
	Name() string
	// New makes a pool, or returns nil if it cannot do what s asks for.
	New(s ConnShape) ConnPool
}

// ConnShape is what a benchmark asks of a connection pool.
type ConnShape struct {
	Slots     int
	Addresses []string

	// Dialer connects to an address in a way that net.Dialer does not. If it
	// is nil, the contender dials as it does by itself.
	Dialer Dialer

	// Check says that a parked connection must be looked at before it is
	// handed out. Slotpool always does.
	Check bool

	// Keyed says that there are more addresses than slots.
	Keyed bool
}

// Dialer is what net.Dialer and tls.Dialer have in common.
type Dialer interface {
	Dial(network, address string) (net.Conn, error)
}

// DialerOr returns the shape's dialer, or a bare one if it names none.
func (s ConnShape) DialerOr() Dialer {
	if s.Dialer != nil {
		return s.Dialer
	}
	return &net.Dialer{Timeout: dialTimeout}
}

const dialTimeout = 10 * time.Second

// ConnPool is one connection pool under test.
type ConnPool interface {
	Get(address int) Lease
	Put(Lease)     // park the connection
	Discard(Lease) // close it
	Close()        // close all that are parked
}

// Lease is a connection in use.
type Lease struct {
	net.Conn
	Handle  any // the contender's own
	Address int // likewise
}

// NamedConn makes a ConnContender of a function.
func NamedConn(name string, make func(ConnShape) ConnPool) ConnContender {
	return named[ConnShape, ConnPool]{name, make}
}

// connSlots is for works with few addresses.
const connSlots = 64

// Conn is one user of one connection: Get and Put, plain and TLS, with a
// request in between and without, and for the latter also without a look at
// the parked connection, which slotpool is the only one to take by itself.
func Conn(b *testing.B, all []ConnContender) {
	server := StartServer(b)
	plain := ConnShape{Slots: connSlots, Addresses: server.Plain[:1]}
	secure := ConnShape{Slots: connSlots, Addresses: server.TLS[:1],
		Dialer: &tls.Dialer{NetDialer: &net.Dialer{Timeout: dialTimeout}, Config: server.Config}}
	for _, w := range []struct {
		shape                     ConnShape
		transport, request, check string
	}{
		{plain, "tcp", "none", "none"},
		{plain, "tcp", "none", "peek"},
		{plain, "tcp", "64B", "peek"},
		{secure, "tls", "none", "none"},
		{secure, "tls", "none", "peek"},
		{secure, "tls", "64B", "peek"},
	} {
		w.shape.Check = w.check == "peek"
		a := axes{users: 1, slots: w.shape.Slots, addresses: 1, hold: HoldNot,
			more: "transport=" + w.transport + "/request=" + w.request + "/check=" + w.check}
		each(b, all, a, w.shape, func(b *testing.B, p ConnPool) {
			warm(p)
			b.ResetTimer()
			for range b.N {
				l := p.Get(0)
				if w.request != "none" {
					echo(l)
				}
				p.Put(l)
			}
		})
	}
}

// warm opens the connection and makes one request, after which a TLS
// connection has read what the handshake left.
func warm(p ConnPool) {
	l := p.Get(0)
	echo(l)
	p.Put(l)
}

// messageSize is the size of a request and of its answer.
const messageSize = 64

func echo(c net.Conn) { ask(c, 0) }

// ask makes a request whose first byte is kind.
func ask(c net.Conn, kind byte) {
	message := [messageSize]byte{kind}
	_, err := c.Write(message[:])
	Check(err)
	_, err = io.ReadFull(c, message[:])
	Check(err)
}

// DialClose is a connection that is used once: dial, then close. The servers
// take turns, as one alone would run out of local ports.
func DialClose(b *testing.B, all []ConnContender) {
	server := StartServer(b)
	s := ConnShape{Slots: connSlots, Addresses: server.Plain}
	a := axes{users: 1, slots: s.Slots, addresses: len(s.Addresses), hold: HoldNot, more: "transport=tcp"}
	each(b, all, a, s, func(b *testing.B, p ConnPool) {
		b.ResetTimer()
		for i := range b.N {
			p.Discard(p.Get(i % len(s.Addresses)))
		}
	})
}
