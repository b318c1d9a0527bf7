package slotdebug

import (
	"context"
	"encoding/json"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/internal/testpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// BenchmarkBesideLooks has the slowest of Gets in a pool of a million residents: alone,
// beside a loop that only reads memory, and while somebody looks all the time, which the
// page does twice a second at most.
func BenchmarkBesideLooks(b *testing.B) {
	m := testpool.NewMillion(b)
	looks := looking(&Handler{Pools: []*resourcepool.Pool{m.Pool}})
	b.Run("idle", func(b *testing.B) { testkit.Slowest(b, m.Idle, looks) })
	b.Run("evicting", func(b *testing.B) { testkit.Slowest(b, m.Evicting, looks) })
}

// BenchmarkConnBesideLooks is the same of a connpool.Pool with a million connections, each
// to another address.
func BenchmarkConnBesideLooks(b *testing.B) {
	const slots = 1_000_000
	p := &connpool.Pool{Slots: resourcepool.New(slots, ""), DialFunc: func(context.Context, string, string) (net.Conn, error) {
		return noConn{}, nil
	}}
	defer p.Close()
	addresses := make([]string, slots+slots/4)
	next := 0
	cycle := func() {
		c, err := p.Get(context.Background(), "tcp", addresses[next])
		if err != nil {
			b.Fatal(err)
		}
		c.Put()
	}
	for next = range addresses {
		addresses[next] = "10.0.0.0:" + strconv.Itoa(next)
		cycle()
	}
	looks := looking(&Handler{Pools: []*resourcepool.Pool{}, Conns: map[string]*connpool.Pool{"b": p}})
	b.Run("evicting", func(b *testing.B) {
		testkit.Slowest(b, func() { next = (next + 1) % len(addresses); cycle() }, looks)
	})
	last, n := next, 0
	b.Run("idle", func(b *testing.B) { // the latest thousand
		testkit.Slowest(b, func() { n++; next = (last + len(addresses) - n%1000) % len(addresses); cycle() }, looks)
	})
}

func looking(h *Handler) testkit.Loop {
	return testkit.Loop{Name: "looks", Do: func() {
		if _, err := json.Marshal(h.see(time.Now())); err != nil {
			panic(err)
		}
	}}
}

type noConn struct{ net.Conn }

func (noConn) Close() error                { return nil }
func (noConn) SetDeadline(time.Time) error { return nil }
