package crowd

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/bench/rival"
	"github.com/slotpool/slotpool/bench/work"
)

// What is compared must do the work: have no more connections than it may, and
// no two users of one at once.
func TestServerContendersShareTheirConnections(t *testing.T) {
	const slots, users, cycles = 4, 16, 50
	server := work.StartServer(t)
	for _, c := range append([]work.ConnContender{work.SlotpoolServer}, rival.ForServer()...) {
		t.Run(c.Name(), func(t *testing.T) {
			d := &countingDialer{}
			p := c.New(work.ConnShape{Slots: slots, Addresses: server.Plain[:1], Dialer: d, Check: true})
			defer p.Close()
			var held sync.Map
			var all sync.WaitGroup
			for range users {
				all.Go(func() {
					for range cycles {
						l := p.Get(0)
						if _, twice := held.LoadOrStore(l.Conn, true); twice {
							t.Error("two users of one connection")
						}
						held.Delete(l.Conn)
						p.Put(l)
					}
				})
			}
			all.Wait()
			if n := d.dials.Load(); n < 1 || n > slots {
				t.Errorf("%d dials, want 1 to %d", n, slots)
			}
			p.Discard(p.Get(0))
			l := p.Get(0)
			if _, err := l.Write(make([]byte, 64)); err != nil {
				t.Error(err)
			}
			p.Put(l)
		})
	}
}

type countingDialer struct{ dials atomic.Int64 }

func (d *countingDialer) Dial(network, address string) (net.Conn, error) {
	d.dials.Add(1)
	return net.Dial(network, address)
}

func TestStormContendersKeepTheLimit(t *testing.T) {
	const slots, users, cycles = 4, 32, 20
	for _, c := range append(append([]work.StormContender{}, work.SlotpoolStorms...), rival.InStorm()...) {
		t.Run(c.Name(), func(t *testing.T) {
			p := c.New(work.StormShape{Slots: slots, Users: users})
			var now, served atomic.Int64
			var all sync.WaitGroup
			for i := range users {
				u := p.Patron(i)
				all.Go(func() {
					for range cycles {
						if !u.Get(context.Background()) {
							t.Error("not served, though it does not give up")
							return
						}
						if n := now.Add(1); n > slots {
							t.Errorf("%d users of %d slots", n, slots)
						}
						served.Add(1)
						now.Add(-1)
						u.Put()
					}
				})
			}
			all.Wait()
			if n := served.Load(); n != users*cycles {
				t.Errorf("%d served, want %d", n, users*cycles)
			}

			wantSlots(t, p, slots)
		})
	}
}

func wantSlots(t *testing.T, p work.StormPool, slots int) {
	t.Helper()
	var held []work.Patron
	for i := range slots {
		u := p.Patron(i)
		u.Get(context.Background())
		held = append(held, u)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if p.Patron(slots).Get(ctx) {
		t.Error("served, though there is no slot")
	}
	for _, u := range held {
		u.Put()
	}
}
