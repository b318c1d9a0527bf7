package connpool

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestPoolClosesWhatThePeerCloses(t *testing.T) {
	s := newServer(t, "tcp")
	p := dialPool(t, 2, nil)
	idle, err := p.Get(patient(t), s.network, s.address)
	if err != nil {
		t.Fatal(err)
	}
	idlePeer := s.accept()
	used, err := p.Get(patient(t), s.network, s.address)
	if err != nil {
		t.Fatal(err)
	}
	usedPeer := s.accept()
	idle.Put()
	idlePeer.Close()
	testkit.Eventually(t, "the parked one closed", func() bool { return p.Stats().Closed.ByPeer == 1 })
	wantUsage(t, p.Slots, 1, 0)
	usedPeer.Close()
	wantEOF(t, used) // its user may still read
	m := used.of.pooled
	testkit.Eventually(t, "the news", func() bool { return CloseReason(m.why.Load()) == ClosedByPeer })
	used.Put() // closes it, or the Watcher does that an instant later
	testkit.Eventually(t, "the other closed", func() bool { return p.Stats().Closed.ByPeer == 2 })
	wantUsage(t, p.Slots, 0, 0)
}

// Without the watch, the look at the next Get must do.
func TestPoolReplacesWhatIsFoundDead(t *testing.T) {
	watchPeers = false
	defer func() { watchPeers = true }()
	s := newServer(t, "tcp")
	p := dialPool(t, 2, nil)
	for range 2 {
		c, err := p.Get(patient(t), s.network, s.address)
		if err != nil {
			t.Fatal(err)
		}
		peer := s.accept()
		wantTalk(t, c, peer)
		c.Put()
		peer.Close()
		testkit.Eventually(t, "a dead connection", func() bool { return !c.of.probe.Alive() })
	}
	if _, ok := p.TryGet(s.network, s.address); ok {
		t.Fatal("got a dead connection")
	}
	if n := p.Stats().Closed.Dead; n != 2 {
		t.Fatalf("%d closed as dead, want 2", n)
	}
}

const bubbleVariable = "SLOTPOOL_TEST_FIRST_GET_IN_A_BUBBLE"

// Nothing that lasts may be begun by a Get inside a bubble: the bubble would
// not end, or what it began would be of no use outside. The first Get of a process
// is that of a process of its own.
func TestFirstGetOfTheProcessInABubble(t *testing.T) {
	if os.Getenv(bubbleVariable) == "" {
		c := exec.Command(os.Args[0], "-test.run", "^TestFirstGetOfTheProcessInABubble$")
		c.Env = append(os.Environ(), bubbleVariable+"=1")
		out, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "PASS") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	address := newEcho(t)
	p := &Pool{IdleTimeout: time.Hour, MaxLifetime: time.Hour, HoldWarning: time.Hour, Backoff: &Backoff{}}
	use := func(t *testing.T) {
		t.Helper()
		c, err := p.Get(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		c.Put()
		d, err := p.DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		d.Close()
	}
	synctest.Test(t, func(t *testing.T) {
		use(t)
		p.CloseIdleConnections()
	})
	use(t)
	if err := p.Shutdown(patient(t)); err != nil {
		t.Fatal(err)
	}
}
