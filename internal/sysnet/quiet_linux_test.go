package sysnet

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

const hush = 20 * time.Millisecond

// awaitQuiet polls until a connection counts as quiet, which takes hush at least.
func awaitQuiet(t *testing.T, p *Probe, answered bool) {
	t.Helper()
	testkit.Eventually(t, "a quiet connection", func() bool { return p.Quiet(hush, answered) })
}

// wantNotQuiet asks until the kernel's clock has passed hush more than once, and once more then.
func wantNotQuiet(t *testing.T, p *Probe, answered bool) {
	t.Helper()
	deadline := time.Now().Add(3 * hush)
	for last := false; !last; time.Sleep(hush / 10) {
		last = time.Now().After(deadline)
		if p.Quiet(hush, answered) {
			t.Fatal("quiet")
		}
	}
}

func TestQuietAfterAnAnswer(t *testing.T) {
	for name, pair := range map[string]makePair{"tcp": tcpPair, "tls": tlsPair(tcpPair, false)} {
		t.Run(name, func(t *testing.T) {
			here, there := pair(t)
			p := NewProbe(here)
			began := time.Now() // before the last byte, as some time may pass after it
			exchange(t, here, there)
			awaitQuiet(t, p, true)
			if took := time.Since(began); took < hush/2 { // the kernel's clock ticks every 10 ms at the worst
				t.Errorf("quiet after %v", took)
			}
			if p.Quiet(time.Hour, true) {
				t.Error("quiet for an hour")
			}
		})
	}
}

// TestQuietBeforeFirstUse has had no byte either way.
func TestQuietBeforeFirstUse(t *testing.T) {
	here, _ := tcpPair(t)
	awaitQuiet(t, NewProbe(here), false)
}

// TestNeverQuietWaitingForAnAnswer though both queues are empty.
func TestNeverQuietWaitingForAnAnswer(t *testing.T) {
	here, there := tcpPair(t)
	p := NewProbe(here)
	exchange(t, here, there)
	time.Sleep(hush) // so that the kernel's clock ticks between answer and request
	request(t, here, there)
	wantNotQuiet(t, p, true) // also if the caller is mistaken
}

// TestAnswerWithinATick: the answer and the next request, or the request and its
// answer, came within a tick of the kernel's clock. Only the caller can tell which.
func TestAnswerWithinATick(t *testing.T) {
	here, there := tcpPair(t)
	p := NewProbe(here)
	same := func() bool {
		exchange(t, here, there)
		request(t, here, there)
		var sent, received time.Duration
		withSocket(t, here, func(fd int) {
			info := infoOf(t, uintptr(fd))
			sent, received = since(info.Last_data_sent), since(info.Last_data_recv)
		})
		return sent == received
	}
	testkit.Eventually(t, "an exchange and a request within a tick", same)
	wantNotQuiet(t, p, false)
	awaitQuiet(t, p, true)
}

func TestNotQuietWithBytesInAQueue(t *testing.T) {
	t.Run("unread", func(t *testing.T) {
		here, there := tcpPair(t)
		exchange(t, here, there)
		write(t, there)
		awaitPending(t, here, len(message))
		wantNotQuiet(t, NewProbe(here), true)
	})
	t.Run("unacknowledged", func(t *testing.T) {
		here, there := tcpPair(t)
		exchange(t, here, there)
		for left := uint32(0); left == 0; { // until the peer, which does not read, takes no more
			if err := here.SetWriteDeadline(time.Now().Add(hush)); err != nil {
				t.Fatal(err)
			}
			if _, err := here.Write(make([]byte, 1<<16)); err != nil { // or a busy machine took so long
				withSocket(t, here, func(fd int) { left = infoOf(t, uintptr(fd)).Notsent_bytes })
			}
		}
		if _, err := io.ReadFull(there, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		write(t, there)
		if _, err := io.ReadFull(here, make([]byte, len(message))); err != nil {
			t.Fatal(err)
		}
		wantNotQuiet(t, NewProbe(here), true)
	})
}

func TestNotQuietIfItCannotBeTold(t *testing.T) {
	here, there := tcpPair(t)
	closing := NewProbe(here)
	exchange(t, here, there)
	awaitQuiet(t, closing, true)
	closePeer(t, here, there)
	awaitEvents(t, here, in|rdhup)
	if closing.Quiet(0, true) {
		t.Error("quiet with the peer gone")
	}
	here.Close()
	unix, _ := unixPair(t)
	pipe, _ := net.Pipe()
	for name, conn := range map[string]net.Conn{"closed": here, "unix": unix, "pipe": pipe} {
		if NewProbe(conn).Quiet(0, true) {
			t.Errorf("%s is quiet", name)
		}
	}
}
