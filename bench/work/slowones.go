package work

import (
	"context"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

const (
	slowOnesConns = 8
	slowOneIn     = 20
	slowAnswer    = 20 * time.Millisecond // how long the server takes for a slow request
	thinkTime     = 25 * time.Millisecond // between two requests of a user, on average

	slowRequest = 1 // the first byte of a request that the server takes its time for
)

// SlotpoolServer is connpool.Pool for one server to which it may have as many
// connections as there are slots.
var SlotpoolServer = NamedConn("slotpool", func(s ConnShape) ConnPool {
	p := &slotServer{shape: s}
	p.pool.Slots = resourcepool.New(uint(s.Slots), "")
	p.pool.MaxPerAddress = s.Slots
	p.pool.DialFunc = func(_ context.Context, network, address string) (net.Conn, error) {
		return s.DialerOr().Dial(network, address)
	}
	return p
})

type slotServer struct {
	shape ConnShape
	pool  connpool.Pool
}

func (p *slotServer) Get(address int) Lease {
	c, err := p.pool.Get(context.Background(), "tcp", p.shape.Addresses[address])
	Check(err)
	return Lease{Conn: c.Conn, Handle: c}
}

func (p *slotServer) Put(l Lease)     { l.Handle.(*connpool.Conn).Put() }
func (p *slotServer) Discard(l Lease) { Check(l.Handle.(*connpool.Conn).Close()) }
func (p *slotServer) Close()          { Check(p.pool.Close()) }

// SlowOnes is 64 users of one server, who share 8 connections and think between
// two requests for so long that about a third of the connections are busy. One request in 20 is slow. The figures are those
// of the others: how long they take from Get to Put.
func SlowOnes(b *testing.B, all []ConnContender) {
	server := StartServer(b)
	s := ConnShape{Slots: slowOnesConns, Addresses: server.Plain[:1], Check: true}
	a := axes{users: crowdUsers, slots: s.Slots, addresses: 1, hold: HoldNot,
		more: "transport=tcp/request=64B/check=peek/slow=20ms"}
	each(b, all, a, s, func(b *testing.B, p ConnPool) {
		openAll(p, s.Slots)
		clocks := newStopwatches(crowdUsers)
		walks := make([]func(int), crowdUsers)
		for u := range walks {
			walks[u] = slowUser(p, rand.New(rand.NewPCG(uint64(u), 1)), clocks[u])
		}
		walkers(b, walks)
		b.StopTimer()
		clocks.report(b)
	})
}

// openAll has the pool open all of its connections. One that hands out one
// connection to several users waits for its own Put here, so it opens them when it is made.
func openAll(p ConnPool, n int) {
	if _, ok := p.(interface{ Opened() }); ok {
		return
	}
	var all []Lease
	for range n {
		all = append(all, p.Get(0))
	}
	for _, l := range all {
		p.Put(l)
	}
}

func slowUser(p ConnPool, rng *rand.Rand, fast stopwatch) func(int) {
	return func(n int) {
		for range n {
			time.Sleep(time.Duration(rng.Int64N(int64(2 * thinkTime))))
			if rng.IntN(slowOneIn) == 0 {
				request(p, slowRequest)
			} else {
				fast.time(func() { request(p, 0) })
			}
		}
	}
}

func request(p ConnPool, kind byte) {
	l := p.Get(0)
	ask(l, kind)
	p.Put(l)
}
