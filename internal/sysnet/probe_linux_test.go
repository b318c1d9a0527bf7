package sysnet

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// deed is what happens to a parked connection.
type deed func(t *testing.T, here, there net.Conn)

func nothing(*testing.T, net.Conn, net.Conn) {}

func send(t *testing.T, _, there net.Conn) { write(t, there) }

func closePeer(t *testing.T, _, there net.Conn) {
	t.Helper()
	if err := there.Close(); err != nil {
		t.Fatal(err)
	}
}

func halfClose(t *testing.T, _, there net.Conn) {
	t.Helper()
	if err := plain(there).(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
}

func reset(t *testing.T, here, there net.Conn) {
	t.Helper()
	if err := plain(there).(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	closePeer(t, here, plain(there))
}

// closeUnread closes the peer while it has not read what here sent.
func closeUnread(t *testing.T, here, there net.Conn) {
	t.Helper()
	write(t, here)
	awaitEvents(t, there, unix.POLLIN)
	closePeer(t, here, there)
}

// closeNotify ends TLS, and keeps the connection below open.
func closeNotify(t *testing.T, _, there net.Conn) {
	t.Helper()
	if err := there.(*tls.Conn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
}

// sendMuch sends more than any ticket may have been, so that size tells nothing.
func sendMuch(t *testing.T, _, there net.Conn) {
	t.Helper()
	if _, err := there.Write(make([]byte, 300)); err != nil {
		t.Fatal(err)
	}
}

// request is a use whose answer is not read.
func request(t *testing.T, here, there net.Conn) {
	t.Helper()
	write(t, here)
	if _, err := io.ReadFull(there, make([]byte, len(message))); err != nil {
		t.Fatal(err)
	}
}

// exchange is a use of the connection that leaves nothing behind. The read of
// a TLS client takes the session ticket too.
func exchange(t *testing.T, here, there net.Conn) {
	t.Helper()
	for _, way := range [][2]net.Conn{{here, there}, {there, here}} {
		write(t, way[0])
		if _, err := io.ReadFull(way[1], make([]byte, len(message))); err != nil {
			t.Fatal(err)
		}
	}
}

const message = "one message"

func write(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := conn.Write([]byte(message)); err != nil {
		t.Fatal(err)
	}
}

func plain(conn net.Conn) net.Conn {
	if c, ok := conn.(*tls.Conn); ok {
		return c.NetConn()
	}
	return conn
}

const (
	in    = unix.POLLIN
	rdhup = unix.POLLRDHUP
	hup   = unix.POLLHUP
	fail  = unix.POLLERR
)

// TestProbe has the rows of the table that the Probe was designed by: what
// poll(2) shows, and what the Probe makes of it.
func TestProbe(t *testing.T) {
	tlsQuiet, tlsTicket := tlsPair(tcpPair, false), tlsPair(tcpPair, true)
	tls12 := tlsPairOf(tls.VersionTLS12, tcpPair, true)
	for _, c := range []struct {
		name  string
		pair  makePair
		deeds []deed
		shows int16 // at least that if dead, just that if alive
		alive bool
	}{
		{"tcp/quiet", tcpPair, []deed{nothing}, 0, true},
		{"tcp/quiet after use", tcpPair, []deed{exchange}, 0, true},
		{"tcp/FIN", tcpPair, []deed{closePeer}, in | rdhup, false},
		{"tcp/half-close", tcpPair, []deed{halfClose}, in | rdhup, false},
		{"tcp/unexpected data", tcpPair, []deed{send}, in, false},
		{"tcp/data then FIN", tcpPair, []deed{send, closePeer}, in | rdhup, false},
		{"tcp/RST", tcpPair, []deed{reset}, fail | hup, false},
		{"tcp/RST as data was unread", tcpPair, []deed{closeUnread}, fail | hup, false},
		{"tcp/data then RST", tcpPair, []deed{send, reset}, fail | hup, false},

		{"unix/quiet", unixPair, []deed{nothing}, 0, true},
		{"unix/quiet after use", unixPair, []deed{exchange}, 0, true},
		{"unix/closed", unixPair, []deed{closePeer}, hup, false},
		{"unix/closed with unread data", unixPair, []deed{closeUnread}, hup, false},
		{"unix/half-close", unixPair, []deed{halfClose}, in | rdhup, false},
		{"unix/unexpected data", unixPair, []deed{send}, in, false},
		{"unix/data then closed", unixPair, []deed{send, closePeer}, in | hup, false},

		{"tls/quiet", tlsQuiet, []deed{nothing}, 0, true},
		{"tls/ticket unread", tlsTicket, []deed{nothing}, in, true},
		{"tls/ticket unread, over unix", tlsPair(unixPair, true), []deed{nothing}, in, true},
		{"tls/ticket read", tlsTicket, []deed{exchange}, 0, true},
		{"tls/close_notify and FIN", tlsQuiet, []deed{closePeer}, in | rdhup, false},
		{"tls/ticket, close_notify and FIN", tlsTicket, []deed{closePeer}, in | rdhup, false},
		{"tls/FIN without close_notify", tlsQuiet, []deed{halfClose}, in | rdhup, false},
		{"tls/ticket then FIN", tlsTicket, []deed{halfClose}, in | rdhup, false},
		{"tls/RST", tlsQuiet, []deed{reset}, fail | hup, false},
		{"tls/ticket then RST", tlsTicket, []deed{reset}, fail | hup, false},
		{"tls/answer unread", tlsQuiet, []deed{request, sendMuch}, in, false},
		{"tls/ticket and answer unread", tlsTicket, []deed{request, sendMuch}, in, false},
		{"tls/answer unread after use", tlsTicket, []deed{exchange, sendMuch}, in, false},
		{"tls/unexpected data", tlsQuiet, []deed{send}, in, false},
		{"tls/unexpected data after use", tlsQuiet, []deed{exchange, send}, in, false},
		{"tls/ticket unread, one way use", tlsTicket, []deed{request}, in, true},
		{"tls/close_notify", tlsQuiet, []deed{closeNotify}, in, false},
		{"tls/ticket, close_notify", tlsTicket, []deed{closeNotify}, in, false},
		{"tls/close_notify after use", tlsTicket, []deed{exchange, closeNotify}, in, false},
		{"tls/answer unread, over unix", tlsPair(unixPair, true), []deed{request, sendMuch}, in, false},
		{"tls/quiet after use, over unix", tlsPair(unixPair, true), []deed{exchange}, 0, true},

		{"tls 1.2/quiet", tls12, []deed{nothing}, 0, true},
		{"tls 1.2/quiet after use", tls12, []deed{exchange}, 0, true},
		{"tls 1.2/unread data", tls12, []deed{send}, in, false},
		{"tls 1.2/answer unread after use", tls12, []deed{exchange, sendMuch}, in, false},
		{"tls 1.2/close_notify", tls12, []deed{closeNotify}, in, false},
		{"tls 1.2/close_notify after use", tls12, []deed{exchange, closeNotify}, in, false},
		{"tls 1.2/close_notify and FIN", tls12, []deed{closePeer}, in | rdhup, false},

		// Of TCP a FIN shows in the count of bytes too.
		{"tls/ticket then half-close, over unix", tlsPair(unixPair, true), []deed{halfClose}, in | rdhup, false},
		{"tls/closed, over unix", tlsPair(unixPair, true), []deed{closePeer}, in | hup, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			here, there := c.pair(t)
			p := NewProbe(here)
			if p == nil {
				t.Fatalf("no probe for %T", here)
			}
			for _, do := range c.deeds {
				do(t, here, there)
			}
			shown := awaitEvents(t, here, c.shows)
			if c.alive && shown != c.shows {
				t.Fatalf("poll shows %#x, want %#x", shown, c.shows)
			}
			for i := range 3 { // a reset is told once by recv(2), and then no more
				if got := p.Alive(); got != c.alive {
					t.Fatalf("alive is %v at question %d with poll showing %#x", got, i+1, shown)
				}
			}
			if c.alive {
				exchange(t, here, there) // asking has changed nothing
			}
		})
	}
}
