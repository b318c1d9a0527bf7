package connpool

import (
	"net"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"

	"github.com/slotpool/slotpool/resourcepool"
)

func TestGetCancelledWhileAnotherHasTheConnection(t *testing.T) {
	p := usePool(t, 2)
	cr := newResource(t, "tcp", "nowhere:1")
	conn := mustGetWith(t, cr, newPipe(t))
	defer conn.Put()
	testCancel(t, p, cr, resourcepool.ErrorPutTimeout)
}

func TestGetCancelledWhileWaitingForASlot(t *testing.T) {
	p := usePool(t, 1)
	conn := mustGetWith(t, newResource(t, "tcp", "nowhere:1"), newPipe(t))
	defer conn.Put()
	testCancel(t, p, newResource(t, "tcp", "nowhere:2"), resourcepool.ErrorResourceLimitExceeded)
}

// testCancel cancels a Get in each way that callers do.
func testCancel(t *testing.T, p *resourcepool.Pool, cr *ConnResource, want error) {
	for name, get := range map[string]func(<-chan struct{}) (*Conn, error){
		"Get":           func(c <-chan struct{}) (*Conn, error) { return cr.Get(c, testkit.Patience) },
		"GetWithDialer": func(c <-chan struct{}) (*Conn, error) { return cr.GetWithDialer(c, mustNotDial(t)) },
	} {
		canceler := resourcepool.MakeImmediateCanceler()
		conn, err := get(canceler)
		testkit.WantErr(t, name+" with an immediate canceler", err, want)
		if conn != nil || len(canceler) != 0 {
			t.Fatalf("%s returned %v and left %d messages", name, conn, len(canceler))
		}
		for how, cancel := range map[string]func(chan struct{}) bool{
			"close": func(c chan struct{}) bool { close(c); return true },
			"a send that does not block": func(c chan struct{}) bool {
				select {
				case c <- struct{}{}:
					return true
				default:
					return false
				}
			},
		} {
			c, done := make(chan struct{}), make(chan error, 1)
			go func() {
				_, err := get(c)
				done <- err
			}()
			testkit.Eventually(t, "a Get that waits", func() bool { return p.Stats().Waiting == 1 })
			testkit.Eventually(t, "a Get that listens", func() bool { return cancel(c) })
			testkit.WantErr(t, name+" cancelled by "+how, <-done, want)
		}
	}
	if n := p.Stats().Waiting; n != 0 {
		t.Fatalf("%d still wait", n)
	}
}

func TestGetThatNeedNotWaitLooksAtNoCanceler(t *testing.T) {
	usePool(t, 1)
	cr := newResource(t, "tcp", "nowhere:1")
	canceler := make(chan struct{}, 1)
	canceler <- struct{}{}
	closed := make(chan struct{})
	close(closed)
	inner := newPipe(t)
	for i, c := range []<-chan struct{}{canceler, canceler, closed} {
		conn, err := cr.GetWithDialer(c, inner) // dials in the first round
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		conn.Put()
	}
	if len(canceler) != 1 {
		t.Fatal("the message was taken")
	}
}

func TestCancelIsNotWatchedWhileDialling(t *testing.T) {
	usePool(t, 1)
	cancel := make(chan struct{})
	conn, err := newResource(t, "tcp", "nowhere:1").GetWithDialer(cancel, dialerFunc(func(string, string) (net.Conn, error) {
		close(cancel)
		return newPipe(t), nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	conn.Put()
}

func TestGetWaitsForPut(t *testing.T) {
	p := usePool(t, 1)
	s := newServer(t, "tcp")
	cr := s.resource()
	conn := mustGet(t, cr)
	there := s.accept()
	got := make(chan *Conn, 1)
	go func() {
		conn, err := cr.GetWithDialer(nil, mustNotDial(t))
		if err != nil {
			t.Error(err)
		}
		got <- conn
	}()
	testkit.Eventually(t, "a Get that waits", func() bool { return p.Stats().Waiting == 1 })
	conn.Put()
	next := <-got
	if next == conn {
		t.Fatal("both have the same Conn")
	}
	wantTalk(t, next, there)
	next.Put()
}
