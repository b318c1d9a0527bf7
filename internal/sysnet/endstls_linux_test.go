package sysnet

import (
	"net"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"

	"golang.org/x/sys/unix"
)

// recordOf is a TLS record whose insides begin with first.
func recordOf(kind byte, length int, first byte) []byte {
	b := make([]byte, recordHeader+length)
	copy(b, []byte{kind, 3, 3, byte(length >> 8), byte(length), first})
	return b
}

// TestProbeOfRecordsThatAreNoTickets lie below a wrapper of which nothing is known, and
// neither was anything read since nor written.
func TestProbeOfRecordsThatAreNoTickets(t *testing.T) {
	ticket := recordOf(recordOpaque, 200, 0)
	alert := recordOf(recordOpaque, alertLength, 0)
	for name, c := range map[string]struct {
		bytes []byte
		alive bool
	}{
		"a ticket":                       {ticket, true},
		"two tickets":                    {slices.Concat(ticket, ticket), true},
		"the smallest ticket":            {recordOf(recordOpaque, leastTicket, 0), true},
		"half a ticket":                  {ticket[:50], true},
		"a record that is too short":     {recordOf(recordOpaque, leastTicket-1, 0), false},
		"such a one behind a ticket":     {slices.Concat(ticket, recordOf(recordOpaque, leastTicket-1, 0)), false},
		"an alert":                       {alert, false},
		"an alert behind half a ticket":  {slices.Concat(ticket[50:], alert), false},
		"an alert in clear":              {recordOf(recordAlert, 2, 1), false},
		"an alert of an older TLS":       {recordOf(recordAlert, leastTicket+13, 1), false},
		"such an alert behind a ticket":  {slices.Concat(ticket, recordOf(recordAlert, leastTicket+13, 1)), false},
		"as many tickets as looked at":   {slices.Repeat(ticket, mostTickets/len(ticket)), true},
		"more tickets than are believed": {slices.Repeat(ticket, mostTickets/len(ticket)+1), false},
	} {
		t.Run(name, func(t *testing.T) {
			here, there := tcpPair(t)
			p := NewProbe(wrapper{here})
			if _, err := there.Write(c.bytes); err != nil {
				t.Fatal(err)
			}
			awaitPending(t, here, len(c.bytes))
			for range 2 {
				wantAlive(t, p, c.alive)
			}
		})
	}
}

// TestProbeOfAnAnswerAsLongAsTheTicket that lay there before: where the kernel counts
// no bytes, only what it begins with tells them apart.
func TestProbeOfAnAnswerAsLongAsTheTicket(t *testing.T) {
	here, there := unixPair(t)
	ticket, answer := recordOf(recordOpaque, 200, 1), recordOf(recordOpaque, 200, 2)
	if _, err := there.Write(ticket); err != nil {
		t.Fatal(err)
	}
	awaitPending(t, here, len(ticket))
	p := NewProbe(wrapper{here})
	wantAlive(t, p, true)
	request(t, here, there)
	if _, err := here.Read(make([]byte, len(ticket))); err != nil {
		t.Fatal(err)
	}
	if _, err := there.Write(answer); err != nil {
		t.Fatal(err)
	}
	awaitPending(t, here, len(answer))
	wantAlive(t, p, false)
}

// blocking is a connection of somebody else's, whose descriptor may block.
type blocking struct {
	net.Conn
	f *os.File
}

func (b blocking) SyscallConn() (syscall.RawConn, error) { return b.f.SyscallConn() }

// TestProbeDoesNotWaitForBytes though the descriptor would.
func TestProbeDoesNotWaitForBytes(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	there := os.NewFile(uintptr(fds[1]), "there")
	defer there.Close()
	here := os.NewFile(uintptr(fds[0]), "here") // which blocks, so os leaves it so
	defer here.Close()
	p := NewProbe(blocking{f: here})
	answer := make(chan bool, 1)
	go func() { answer <- p.Alive() }()
	testkit.Eventually(t, "an answer", func() bool { return len(answer) != 0 })
	if !<-answer {
		t.Error("not alive")
	}
}
