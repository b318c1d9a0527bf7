package sysnet

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

// TestProbeOfATicketThatComesLate: some servers send the ticket once they have
// seen the end of the handshake, and so perhaps after the Probe was made.
func TestProbeOfATicketThatComesLate(t *testing.T) {
	plainHere, plainThere := tcpPair(t)
	here, there := wrapper{plainHere}, plainThere // as raw bytes can be sent over it
	p := NewProbe(here)
	ticket := make([]byte, recordHeader+200)
	copy(ticket, []byte{recordOpaque, 3, 3, 0, 200})
	if _, err := there.Write(ticket); err != nil {
		t.Fatal(err)
	}
	awaitPending(t, here, len(ticket))
	wantAlive(t, p, true)
	// A request is written, which the ticket still does not answer.
	request(t, here, there)
	wantAlive(t, p, true)
	// It is answered.
	if _, err := there.Write(ticket); err != nil {
		t.Fatal(err)
	}
	awaitPending(t, here, 2*len(ticket))
	wantAlive(t, p, false)
	// Somebody reads as much as came with the answer: what is left is no ticket.
	if _, err := io.ReadFull(here, make([]byte, len(ticket))); err != nil {
		t.Fatal(err)
	}
	wantAlive(t, p, false)
}

// TestProbeOfALazyHandshake is made before the handshake: what comes after that
// cannot be told apart, and so nothing may lie unread.
func TestProbeOfALazyHandshake(t *testing.T) {
	plainHere, plainThere := tcpPair(t)
	here := tls.Client(plainHere, &tls.Config{InsecureSkipVerify: true})
	there := tls.Server(plainThere, &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	p := NewProbe(here)
	wantAlive(t, p, true)
	done := make(chan error, 1)
	go func() { done <- there.Handshake() }()
	if err := here.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	exchange(t, here, there)
	wantAlive(t, p, true)
	sendMuch(t, here, there)
	awaitEvents(t, here, in)
	wantAlive(t, p, false)
}

// TestProbeReadsNothing although there is much to judge.
func TestProbeReadsNothing(t *testing.T) {
	here, there := tlsPair(tcpPair, true)(t)
	p := NewProbe(here)
	request(t, here, there)
	sendMuch(t, here, there)
	for range 3 {
		p.Alive()
	}
	if n, err := io.ReadFull(here, make([]byte, 300)); err != nil {
		t.Fatalf("read %d bytes, %v", n, err)
	}
}

// TestProbeOfManyUnreadBytes which are more than is looked at.
func TestProbeOfManyUnreadBytes(t *testing.T) {
	here, there := tlsPair(tcpPair, false)(t)
	p := NewProbe(here)
	for range 40 {
		sendMuch(t, here, there)
	}
	awaitPending(t, here, mostTickets+1)
	wantAlive(t, p, false)
}

// awaitPending waits until at least n bytes lie unread.
func awaitPending(t *testing.T, conn net.Conn, n int) {
	t.Helper()
	testkit.Eventually(t, "unread bytes", func() (there bool) {
		withSocket(t, conn, func(fd int) { there = pending(uintptr(fd)) >= n })
		return there
	})
}
