package testkit

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Name is what a NameServer says of one name.
type Name struct {
	A, AAAA []netip.Addr
	Delay   time.Duration // before each answer
	Silent  bool          // no answer at all
	Nobody  bool          // there is no such name
}

// NameServer answers A and AAAA queries over UDP on a loopback port of its own.
type NameServer struct {
	Queries atomic.Int64 // received so far
	Sockets atomic.Int64 // opened for look-ups and not closed
	Starved atomic.Int64 // look-ups that got no socket

	conn  *net.UDPConn
	names func(name string) Name
	late  sync.WaitGroup
	over  chan struct{}
}

// StartNameServer starts a name server, which net.DefaultResolver uses until the end
// of the test. That looks up in Go from then on. The server calls names to know what to
// answer; the name is in lower case and ends with a dot.
func StartNameServer(t *testing.T, names func(name string) Name) *NameServer {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadBuffer(1 << 20)
	enlarge(conn) // thousands ask at once, and what is lost costs 5 seconds
	s := &NameServer{conn: conn, names: names, over: make(chan struct{})}
	useCurrent()
	current.Store(s)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.serve()
	}()
	t.Cleanup(func() {
		current.Store(nil)
		close(s.over)
		conn.Close()
		<-done
		s.late.Wait()
	})
	return s
}

// current is the name server of the test that runs.
var current atomic.Pointer[NameServer]

// useCurrent changes net.DefaultResolver once and for all: a look-up that nobody waits for
// any more reads it still when its test is over.
var useCurrent = sync.OnceFunc(func() {
	net.DefaultResolver.PreferGo = true
	net.DefaultResolver.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if s := current.Load(); s != nil {
			return s.dial(ctx, network, address)
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
})

func (s *NameServer) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", s.conn.LocalAddr().String())
	if err != nil {
		if errors.Is(err, syscall.EMFILE) {
			s.Starved.Add(1)
		}
		return nil, err
	}
	s.Sockets.Add(1)
	return &countedConn{UDPConn: conn.(*net.UDPConn), open: &s.Sockets}, nil
}

type countedConn struct {
	*net.UDPConn
	open *atomic.Int64
	once sync.Once
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.UDPConn.Close()
}

func (s *NameServer) serve() {
	for {
		query := make([]byte, 512)
		n, from, err := s.conn.ReadFromUDPAddrPort(query)
		if err != nil {
			return
		}
		s.Queries.Add(1)
		name, kind, end := question(query[:n])
		if end == 0 {
			continue
		}
		says := s.names(name)
		if says.Silent {
			continue
		}
		reply := answer(query[:end], kind, says)
		if says.Delay == 0 {
			_, _ = s.conn.WriteToUDPAddrPort(reply, from)
			continue
		}
		s.late.Go(func() {
			select {
			case <-time.After(says.Delay):
				_, _ = s.conn.WriteToUDPAddrPort(reply, from)
			case <-s.over:
			}
		})
	}
}

const (
	headerLength = 12
	typeA        = 1
	typeAAAA     = 28
)

// question returns the name and the type that a query asks for, and where the
// question ends; 0 if it is not a query. See RFC 1035, section 4.1.
func question(query []byte) (name string, kind uint16, end int) {
	if len(query) < headerLength {
		return "", 0, 0
	}
	var labels strings.Builder
	at := headerLength
	for at < len(query) && query[at] != 0 {
		next := at + 1 + int(query[at])
		if next >= len(query) {
			return "", 0, 0
		}
		labels.Write(query[at+1 : next])
		labels.WriteByte('.')
		at = next
	}
	if at+5 > len(query) {
		return "", 0, 0
	}
	return strings.ToLower(labels.String()), binary.BigEndian.Uint16(query[at+1:]), at + 5
}

// answer makes the reply to a query that ends with its question.
func answer(query []byte, kind uint16, says Name) []byte {
	addresses := says.A
	if kind == typeAAAA {
		addresses = says.AAAA
	} else if kind != typeA {
		addresses = nil
	}
	reply := append([]byte(nil), query...)
	binary.BigEndian.PutUint16(reply[2:], 0x8580) // a reply, authoritative, recursion on
	if says.Nobody {
		reply[3] |= 3
	}
	binary.BigEndian.PutUint16(reply[6:], uint16(len(addresses)))
	clear(reply[8:headerLength])
	for _, a := range addresses {
		data := a.AsSlice()
		reply = append(reply, 0xc0, headerLength) // the name of the question
		reply = binary.BigEndian.AppendUint16(reply, kind)
		reply = binary.BigEndian.AppendUint16(reply, 1) // IN
		reply = binary.BigEndian.AppendUint32(reply, 0) // keep it for no time
		reply = binary.BigEndian.AppendUint16(reply, uint16(len(data)))
		reply = append(reply, data...)
	}
	return reply
}
