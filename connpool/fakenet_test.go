package connpool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// fakeNet has the DialFunc of a Pool under test. Its connections show no
// socket, so that the pool takes them for alive.
type fakeNet struct {
	mu      sync.Mutex
	dials   int
	open    map[*fakeConn]bool
	most    int                                       // that were open at once
	on      func(ctx context.Context, a string) error // called in each dial, may be nil
	onClose func()                                    // in each Close, may be nil
}

type fakeConn struct {
	net.Conn // nil: nobody reads or writes
	of       *fakeNet
	id       int
	address  string
	closes   int
}

func (n *fakeNet) dial(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dials++
	c := &fakeConn{of: n, id: n.dials, address: address}
	on := n.on
	n.mu.Unlock()
	if on != nil {
		if err := on(ctx, address); err != nil {
			return nil, err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open == nil {
		n.open = map[*fakeConn]bool{}
	}
	n.open[c] = true
	n.most = max(n.most, len(n.open))
	return c, nil
}

// hang makes dials last until their contexts end. The channel says that one has begun.
func (n *fakeNet) hang() (dialing chan bool) {
	dialing = make(chan bool, 8)
	n.on = func(ctx context.Context, _ string) error {
		dialing <- true
		<-ctx.Done()
		return ctx.Err()
	}
	return dialing
}

func (c *fakeConn) Close() error {
	c.of.mu.Lock()
	c.closes++
	delete(c.of.open, c)
	onClose := c.of.onClose
	c.of.mu.Unlock()
	if onClose != nil {
		onClose()
	}
	return nil
}

func (c *fakeConn) SetDeadline(time.Time) error { return nil }

func (n *fakeNet) count() (dials, open int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dials, len(n.open)
}

func fakeSlots(n uint) *resourcepool.Pool { return resourcepool.New(n, "") }

// fakePool is a Pool of so many slots over a fakeNet. change may set fields.
func fakePool(t *testing.T, slots uint, change func(*Pool)) (*Pool, *fakeNet) {
	t.Helper()
	n := &fakeNet{}
	p := &Pool{Slots: fakeSlots(slots), DialFunc: n.dial}
	if change != nil {
		change(p)
	}
	t.Cleanup(func() { wantAllClosed(t, p, n) })
	return p, n
}

// wantAllClosed ends a test: nothing may be left of it.
func wantAllClosed(t *testing.T, p *Pool, n *fakeNet) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
	defer cancel()
	if err := p.Shutdown(ctx); err != nil {
		t.Fatalf("Shutdown: %v; %+v", err, p.Stats())
	}
	if _, open := n.count(); open != 0 {
		t.Errorf("%d connections left open", open)
	}
	if st := p.Stats(); st.InUse+st.Idle+st.Dialing+st.Waiting+st.Dialed+st.Addresses != 0 {
		t.Errorf("left behind: %+v", st)
	}
	testkit.Eventually(t, "all slots free", func() bool {
		st := p.Slots.Stats()
		return st.InUse+st.Idle+st.Releasing+st.Waiting == 0
	})
}

func get(t *testing.T, p *Pool, address string) *Conn {
	t.Helper()
	c, err := p.Get(patient(t), "tcp", address)
	if err != nil {
		t.Fatalf("Get of %s: %v", address, err)
	}
	return c
}

// patient is a context that ends a test which would hang.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
	t.Cleanup(cancel)
	return ctx
}

// ended is a context that is over.
func ended() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errFake)
	return ctx
}

// idOf is the number of the dial that a connection came from.
func idOf(c *Conn) int { return c.Conn.(*fakeConn).id }

func wantIs(t *testing.T, what string, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Fatalf("%s: %v, want one that is %v", what, err, target)
		}
	}
}

func addressOf(i int) string { return fmt.Sprintf("10.0.%d.%d:1", i/250, i%250) }

// awaitWaiting waits until so many Gets wait.
func awaitWaiting(t *testing.T, p *Pool, n uint) {
	t.Helper()
	testkit.Eventually(t, fmt.Sprint(n, " Gets that wait"), func() bool { return p.Stats().Waiting == n })
}

// newEcho returns the address of a server that sends back what it gets.
func newEcho(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var users sync.WaitGroup
	users.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			users.Go(func() {
				_, _ = io.Copy(c, c)
				c.Close()
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		users.Wait() // the pool has closed its ends by now
	})
	return l.Addr().String()
}
