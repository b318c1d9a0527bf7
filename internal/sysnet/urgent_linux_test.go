package sysnet

import (
	"net"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
	"golang.org/x/sys/unix"
)

// Of words around an urgent byte only those before it were taken, and the rest was lost.
func TestTakeUnreadPassesUrgentBytes(t *testing.T) {
	here, there := tcpPair(t)
	send(t, here, there)
	raw, err := there.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { err = unix.Sendto(int(fd), []byte("!"), unix.MSG_OOB, nil) })
	if err != nil {
		t.Fatal(err)
	}
	send(t, here, there)
	closePeer(t, here, there)
	p := NewProbe(here)
	testkit.Eventually(t, "the end", func() bool { ended, _ := p.Ended(hush, 1000); return ended })
	if got := string(p.TakeUnread()); got != message+message {
		t.Errorf("took %q, want %q", got, message+message)
	}
}
