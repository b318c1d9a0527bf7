package connpool

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

const quietTime = 50 * time.Millisecond

func quietPool(t *testing.T, slots uint) *Pool {
	return dialPool(t, slots, func(p *Pool) { p.EvictQuiet = quietTime })
}

func TestQuietConnectionIsEvictedForASlot(t *testing.T) {
	s := newServer(t, "tcp")
	p := quietPool(t, 1)
	c := mustDial(t, p, s)
	peer := s.accept()
	began := time.Now() // before the last byte, as some time may pass after it
	wantTalk(t, c, peer)
	d := mustDial(t, p, s) // waits until c is quiet
	if waited := time.Since(began); waited < quietTime/2 {
		t.Errorf("evicted after %v, before it was quiet", waited)
	}
	if n, err := c.Write([]byte("later")); n != 0 || err != net.ErrClosed {
		t.Errorf("a later Write: %d, %v; want 0, net.ErrClosed", n, err)
	}
	if n, err := c.(io.ReaderFrom).ReadFrom(onlyReader{}); n != 0 || err != net.ErrClosed {
		t.Errorf("a later ReadFrom: %d, %v; want 0, net.ErrClosed", n, err)
	}
	wantEOF(t, peer)
	wantUsage(t, p.Slots, 1, 0)
	testkit.Eventually(t, "the eviction is counted", func() bool {
		closes := p.RecentCloses()
		return p.Stats().Closed == (ClosedStats{Evicted: 1}) && len(closes) == 1 &&
			closes[0].Why == ClosedEvicted && closes[0].Address == s.address
	})
	c.Close() // frees nothing
	wantUsage(t, p.Slots, 1, 0)
	wantTalk(t, d, s.accept())
	r, err := p.Get(patient(t), s.network, s.address) // others of the pool, too
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
}

type onlyReader struct{}

func (onlyReader) Read(b []byte) (int, error) { return copy(b, "later"), io.EOF }

func send(t *testing.T, from, to net.Conn) {
	t.Helper()
	if _, err := from.Write([]byte(message)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(to, make([]byte, len(message))); err != nil {
		t.Fatal(err)
	}
}

func TestNotQuietConnectionsAreNotEvicted(t *testing.T) {
	for name, disturb := range map[string]func(t *testing.T, c, peer net.Conn){
		"a request without an answer": func(t *testing.T, c, peer net.Conn) {
			wantTalk(t, c, peer)
			send(t, c, peer)
		},
		"an answer that is not read": func(t *testing.T, c, peer net.Conn) {
			send(t, c, peer)
			if _, err := peer.Write([]byte("answer")); err != nil {
				t.Fatal(err)
			}
		},
		"bytes that the peer does not take": func(t *testing.T, c, peer net.Conn) {
			wantTalk(t, c, peer)
			fill(t, c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, "tcp")
			p := quietPool(t, 1)
			c := mustDial(t, p, s)
			defer c.Close()
			disturb(t, c, s.accept())
			ctx, cancel := context.WithTimeout(context.Background(), 4*quietTime)
			defer cancel()
			_, err := p.DialContext(ctx, s.network, s.address)
			wantIs(t, "a second dial", err, context.DeadlineExceeded)
			wantUsage(t, p.Slots, 1, 0)
		})
	}
}

func TestEvictQuietWithAWriteDeadlineThatIsPast(t *testing.T) {
	s := newServer(t, "tcp")
	p := quietPool(t, 1)
	c := mustDial(t, p, s)
	wantTalk(t, c, s.accept())
	if err := c.SetDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	mustDial(t, p, s).Close()
	c.Close()
}

// exchangeIfOpen asks and reads the answer. False: it was evicted before it could ask.
func exchangeIfOpen(t *testing.T, c net.Conn) bool {
	var b [64]byte
	if n, err := c.Write(b[:]); err != nil {
		if n != 0 || !errors.Is(err, net.ErrClosed) {
			t.Errorf("a Write to an evicted connection: %d, %v", n, err)
		}
		return false
	}
	if _, err := io.ReadFull(c, b[:]); err != nil {
		t.Errorf("a request that was written whole has no answer: %v", err)
		return false
	}
	return true
}

// An exchange that goes on is never cut, whoever wants its slot.
func TestEvictQuietBesideWrites(t *testing.T) {
	address := newEcho(t)
	p := dialPool(t, 2, func(p *Pool) { p.EvictQuiet = 5 * time.Millisecond })
	began, most := time.Now(), testkit.StressTime(t)
	var users sync.WaitGroup
	var evicted, served atomic.Int64
	over := func() bool { // not before both have happened, however busy the machine
		took := time.Since(began)
		return took > most+testkit.Patience || took > most && evicted.Load() != 0 && served.Load() != 0
	}
	for u := range 4 {
		users.Go(func() {
			var c net.Conn
			for i := 0; !over(); i++ {
				if c == nil {
					var err error
					if c, err = p.DialContext(patient(t), "tcp", address); err != nil {
						t.Error(err)
						return
					}
				}
				if exchangeIfOpen(t, c) {
					served.Add(1)
				} else {
					evicted.Add(1)
					c.Close()
					c = nil
				}
				time.Sleep(time.Duration((u+i)%5*5) * time.Millisecond) // now and then quiet for long enough
			}
			if c != nil {
				c.Close()
			}
		})
	}
	users.Wait()
	t.Logf("%d served, %d evicted", served.Load(), evicted.Load())
	if evicted.Load() == 0 || served.Load() == 0 {
		t.Error("nothing was tried")
	}
}
