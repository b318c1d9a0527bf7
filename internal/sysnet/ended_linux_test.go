package sysnet

import (
	"net"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestEnded(t *testing.T) {
	const most = 2 * len(message)
	for _, c := range []struct {
		name          string
		deeds         []deed
		ended, broken bool
		unread        string
	}{
		{"closed", []deed{exchange, closePeer}, true, false, ""},
		{"closed before any use", []deed{closePeer}, true, false, ""},
		{"half-closed", []deed{exchange, halfClose}, true, false, ""},
		{"closed after words", []deed{exchange, send, closePeer}, true, false, message},
		{"closed after the most words", []deed{exchange, send, send, closePeer}, true, false, message + message},
		{"closed after too many words", []deed{exchange, send, send, send, closePeer}, false, false, ""},
		{"closed by both", []deed{exchange, closeHere, send, closePeer}, true, false, message},
		{"closed here alone", []deed{exchange, closeHere}, false, false, ""},
		{"reset", []deed{exchange, reset}, true, true, ""},
		{"reset after words", []deed{exchange, send, reset}, true, true, message},
		{"alive", []deed{exchange}, false, false, ""},
		{"alive with words", []deed{exchange, send}, false, false, ""},
		{"alive, an answer is due", []deed{request}, false, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			here, there := tcpPair(t)
			for _, d := range c.deeds {
				d(t, here, there)
			}
			p := NewProbe(here)
			if c.ended {
				testkit.Eventually(t, "the end", func() bool { ended, broken := p.Ended(hush, most); return ended && broken == c.broken })
				if ended, _ := p.Ended(time.Hour, most); ended {
					t.Error("it was quiet for an hour")
				}
				if got := string(p.TakeUnread()); got != c.unread {
					t.Errorf("took %q, want %q", got, c.unread)
				}
				return
			}
			for deadline := time.Now().Add(3 * hush); time.Now().Before(deadline); time.Sleep(hush / 10) {
				if ended, _ := p.Ended(hush, most); ended {
					t.Fatal("ended")
				}
			}
		})
	}
}

func closeHere(t *testing.T, here, there net.Conn) { halfClose(t, there, here) }

func TestNotEndedIfItCannotBeTold(t *testing.T) {
	here, there := unixPair(t)
	closePeer(t, here, there)
	pipe, _ := net.Pipe()
	closed, _ := tcpPair(t)
	closed.Close()
	for name, conn := range map[string]net.Conn{"closed": closed, "unix": here, "pipe": pipe} {
		p := NewProbe(conn)
		if ended, _ := p.Ended(0, 100); ended {
			t.Errorf("%s has ended", name)
		}
	}
}
