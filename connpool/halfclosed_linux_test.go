package connpool

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// A peer may end its half, and read on. The user who has read that end is about to answer, for as long
// as it takes, and lost the connection as if the peer had closed it.
func TestUserWhoHasReadTheEndStillAnswers(t *testing.T) {
	for _, way := range []string{"Read", "WriteTo"} {
		t.Run(way, func(t *testing.T) {
			s := newServer(t, "tcp")
			p := quietPool(t, 1)
			c := mustDial(t, p, s)
			peer := s.accept()
			say(t, peer, []byte("all of it"))
			if err := peer.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if got, err := readAll(c, way); string(got) != "all of it" || err != nil && err != io.EOF {
				t.Fatalf("read %q, %v", got, err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 4*quietTime)
			defer cancel()
			d, err := p.DialContext(ctx, s.network, s.address)
			if err == nil {
				d.Close()
			}
			wantIs(t, "a second dial", err, context.DeadlineExceeded)
			send(t, c, peer)
			c.Close()
		})
	}
}

// A user who reads slowly sets a deadline for each Read. It was told that the connection is closed,
// and so did not read the end of the answer.
func TestDeadlineBeforeLastWordsIsNoError(t *testing.T) {
	for name, set := range map[string]func(net.Conn, time.Time) error{
		"SetDeadline":     net.Conn.SetDeadline,
		"SetReadDeadline": net.Conn.SetReadDeadline,
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, "tcp")
			p := quietPool(t, 1)
			c := mustDial(t, p, s)
			peer := s.accept()
			wantTalk(t, c, peer)
			words := []byte("the end of the answer")
			say(t, peer, words)
			hangUp(t, peer)
			mustDial(t, p, s).Close()
			testkit.Eventually(t, "the eviction", func() bool { return p.Stats().Closed.Evicted == 1 })
			if err := set(c, time.Now().Add(time.Hour)); err != nil {
				t.Errorf("before the words: %v", err)
			}
			if got, err := readAll(c, "Read"); !bytes.Equal(got, words) || err != io.EOF {
				t.Errorf("read %q, %v", got, err)
			}
			c.Close()
			if err := set(c, time.Time{}); err == nil {
				t.Error("no error after Close")
			}
		})
	}
}
