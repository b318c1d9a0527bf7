package connpool

import (
	"context"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// ENFILE says that the table of the whole system is full. A test cannot fill that on a machine
// that it shares, nor lower fs.file-max, so here dials and the look for free descriptors say that it is full.

// fullSystem has room for so many connections of a fakeNet.
type fullSystem struct {
	net   *fakeNet
	room  atomic.Int64
	fails func() error // how a dial does for which there is no room
	tries atomic.Int64
}

// useFullSystem lets it rule until the end of the test.
func useFullSystem(t *testing.T, n *fakeNet, room int, fails func() error) *fullSystem {
	s := &fullSystem{net: n, fails: fails}
	s.room.Store(int64(room))
	n.on = func(context.Context, string) error {
		s.tries.Add(1)
		if s.have(1) != nil {
			return s.fails()
		}
		return nil
	}
	original := haveFDs
	haveFDs = s.have
	t.Cleanup(func() { haveFDs = original })
	return s
}

func (s *fullSystem) have(n uint) error {
	if _, open := s.net.count(); int64(open)+int64(n) > s.room.Load() {
		return os.NewSyscallError("open", syscall.ENFILE)
	}
	return nil
}

// noSocket is what a dial returns that gets no socket, noAnswer one whose look-up gets
// none: package net keeps but the text of that.
func noSocket() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.ENFILE)}
}

func noAnswer() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{
		Err: "dial udp 127.0.0.53:53: socket: too many open files in system", Name: "a.test", IsTemporary: true}}
}

// A dial by address needs one descriptor, and one by name two: so many connections
// are closed for it, and no more.
func TestFullSystemEvictsWhatTheDialNeeds(t *testing.T) {
	const parked = 10
	for _, c := range []struct {
		name, address string
		fails         func() error
		evicted       uint64
	}{
		{"by address", "10.1.0.1:1", noSocket, 1},
		{"by name", "a.test:1", noSocket, 2},
		{"in the look-up", "a.test:1", noAnswer, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, n := fakePool(t, 2*parked, nil)
			useFullSystem(t, n, parked, c.fails)
			for i := range parked {
				get(t, p, addressOf(i)).Put()
			}
			get(t, p, c.address).Put()
			if st := p.Stats(); st.Closed.Evicted != c.evicted || st.Idle != uint(parked+1-c.evicted) {
				t.Errorf("%d were evicted and %d are idle, want %d and %d", st.Closed.Evicted, st.Idle, c.evicted, parked+1-c.evicted)
			}
		})
		t.Run(c.name+", with a dialer", func(t *testing.T) {
			n := &fakeNet{}
			p := usePool(t, 2*parked)
			d := dialerFunc(func(network, address string) (net.Conn, error) {
				return n.dial(context.Background(), network, address)
			})
			useFullSystem(t, n, parked, c.fails)
			for i := range parked {
				mustGetWith(t, newResource(t, "tcp", addressOf(i)), d).Put()
			}
			mustGetWith(t, newResource(t, "tcp", c.address), d).Put()
			wantUsage(t, p, 0, uint(parked+1-c.evicted))
		})
	}
}

// With nothing to close a Get tries again until somebody in the system has closed
// something.
func TestFullSystemIsWaitedFor(t *testing.T) {
	for name, fails := range map[string]func() error{"no socket": noSocket, "no look-up": noAnswer} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, n := fakePool(t, 4, nil)
				s := useFullSystem(t, n, 0, fails)
				got := make(chan error)
				go func() {
					c, err := p.Get(patient(t), "tcp", "a.test:1")
					if err == nil {
						c.Put()
					}
					got <- err
				}()
				time.Sleep(time.Second)
				synctest.Wait()
				if n := s.tries.Load(); n < 10 || n > 100 {
					t.Errorf("%d tries in a second, want one every 10 to 100 ms", n)
				}
				s.room.Store(2)
				testkit.WantErr(t, "with room", <-got, nil)
			})
		})
	}
}

// What ends the wait of an old Get, which has the dial's own error.
func TestFullSystemEndsAnOldGet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		usePool(t, 4)
		n, last := &fakeNet{}, noSocket()
		useFullSystem(t, n, 0, func() error { return last })
		cr := newResource(t, "tcp", "10.1.0.1:1")
		d := dialerFunc(func(network, address string) (net.Conn, error) {
			return n.dial(context.Background(), network, address)
		})
		for name, c := range map[string]struct {
			cancel <-chan struct{}
			takes  time.Duration
		}{
			"without a canceler": {nil, lastResort},
			"with a ready one":   {now(), 0},
			"with a closed one":  {ended().Done(), 0},
		} {
			began := time.Now()
			_, err := cr.GetWithDialer(c.cancel, d)
			testkit.WantErr(t, name, err, last)
			if took := time.Since(began); took != c.takes {
				t.Errorf("%s: it has waited %v, want %v", name, took, c.takes)
			}
		}
		cancel := make(chan struct{})
		time.AfterFunc(300*time.Millisecond, func() { close(cancel) })
		began := time.Now()
		_, err := cr.GetWithDialer(cancel, d)
		testkit.WantErr(t, "with one that speaks later", err, last)
		if took := time.Since(began); took != 300*time.Millisecond {
			t.Errorf("it has waited %v", took)
		}
	})
}

// A Pool's Get says what is open, and ends with its context, or the dial with its own
// time.
func TestFullSystemEndsAGetOfAPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const patience = 300 * time.Millisecond
		p, n := fakePool(t, 4, func(p *Pool) { p.DialTimeout = 2 * patience })
		useFullSystem(t, n, 0, noSocket)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		began := time.Now()
		_, err := p.Get(ctx, "tcp", "10.1.0.1:1")
		wantIs(t, "the context is over", err, context.DeadlineExceeded)
		if took := time.Since(began); took != patience {
			t.Errorf("it has waited %v, want %v", took, patience)
		}
		_, err = p.Get(t.Context(), "tcp", "10.1.0.1:1") // joins the dial
		wantIs(t, "the dial is over", err, syscall.ENFILE)
		if took := time.Since(began); took != 2*patience {
			t.Errorf("the dial has gone on for %v, want %v", took, 2*patience)
		}
		if text := err.Error(); !strings.Contains(text, "limit") || !strings.Contains(text, "slots in use") {
			t.Errorf("%v does not say what is open", err)
		}
	})
}

// When a dial has told that it got no descriptor there may be one again. It is
// no error then, also where the text alone tells.
func TestShortageThatIsOverWhenItIsTold(t *testing.T) {
	for name, fails := range map[string]func() error{"no socket": noSocket, "no look-up": noAnswer} {
		p, n := fakePool(t, 1, nil)
		failed := false
		n.on = func(context.Context, string) error {
			if failed {
				return nil
			}
			failed = true
			return fails()
		}
		c, err := p.Get(patient(t), "tcp", "a.test:1")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c.Put()
	}
}
