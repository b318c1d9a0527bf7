package work

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// An AddressPool keeps connections and finds them by the address that each
// cycle names.
type AddressPool interface {
	// Cycle gets a connection to the address, looks whether it is alive, and
	// puts it back.
	Cycle(address string)
	Close()
}

// AddressContender is a kind of AddressPool.
type AddressContender interface {
	Name() string
	New(ConnShape) AddressPool
}

// NamedAddress makes an AddressContender of a function.
func NamedAddress(name string, make func(ConnShape) AddressPool) AddressContender {
	return named[ConnShape, AddressPool]{name, make}
}

// SlotpoolByAddress is connpool.Pool.
var SlotpoolByAddress = NamedAddress("slotpool", func(s ConnShape) AddressPool {
	return &slotAddresses{connpool.Pool{
		Slots: resourcepool.New(uint(s.Slots), ""),
		DialFunc: func(_ context.Context, network, address string) (net.Conn, error) {
			return s.Dialer.Dial(network, address)
		},
	}}
})

type slotAddresses struct{ pool connpool.Pool }

func (p *slotAddresses) Cycle(address string) {
	c, err := p.pool.Get(context.Background(), "tcp", address)
	Check(err)
	c.Put()
}

func (p *slotAddresses) Close() { Check(p.pool.Close()) }

// SlotpoolByResource is a ConnResource for each address, which the user has in
// hand: there is nothing to find. It needs as many slots in the pool of the
// process.
var SlotpoolByResource = NamedAddress("connresource", func(s ConnShape) AddressPool {
	p := &resourceAddresses{dialer: s.Dialer, of: map[string]*connpool.ConnResource{}}
	for _, a := range s.Addresses {
		p.of[a] = connpool.New("tcp", a)
	}
	return p
})

type resourceAddresses struct {
	dialer Dialer
	of     map[string]*connpool.ConnResource
}

// Cycle is what Hand returns.
func (p *resourceAddresses) Cycle(address string) { p.Hand(address)() }

// Hand returns the cycle of one address, which needs no look-up.
func (p *resourceAddresses) Hand(address string) func() {
	r := p.of[address]
	return func() {
		c, err := r.GetWithDialer(nil, p.dialer)
		Check(err)
		c.Put()
	}
}

func (p *resourceAddresses) Close() {
	for _, r := range p.of {
		r.ScheduleClose()
	}
}

// visits are who visits how many addresses, and whether two users have one for both.
var visits = []struct {
	users, addresses int
	shared           string
}{{1, 1, "no"}, {1, 10_000, "no"}, {2, 2, "no"}, {2, 1, "yes"}}

// ByAddress is Get and Put of parked TCP connections that are found by their
// address: one address, ten thousand, and two users with an address each or
// with one for both.
func ByAddress(b *testing.B, all []AddressContender) {
	server := StartServer(b)
	shape := func(slots int, addresses []string) ConnShape {
		return ConnShape{Slots: slots, Addresses: addresses, Dialer: &countingDialer{targets: server.Plain}}
	}
	byAddress(b, all, "transport=tcp/check=peek", shape, func(p AddressPool, address string) func() {
		if h, ok := p.(interface{ Hand(string) func() }); ok {
			return h.Hand(address)
		}
		return func() { p.Cycle(address) }
	})
}

// HTTPByAddress is ByAddress below HTTP: a request and its answer in each cycle, over a
// parked connection. The pool inside net/http has no other way in.
func HTTPByAddress(b *testing.B, all []HTTPContender) {
	server := StartServer(b)
	shape := func(slots int, hosts []string) HTTPShape {
		return HTTPShape{Slots: slots, Hosts: hosts, Dialer: &countingDialer{targets: server.HTTP}}
	}
	byAddress(b, all, "transport=tcp/request=http", shape, func(over http.RoundTripper, host string) func() {
		return func() { fetch(over, host) }
	})
}

// byAddress runs all visits. cycle returns what is to be done at an address, again and again.
func byAddress[S, P any, C maker[S, P]](b *testing.B, all []C, more string,
	shape func(slots int, addresses []string) S, cycle func(p P, address string) func()) {
	for _, v := range visits {
		slots, addresses := 2*v.addresses+v.users, manyHosts(v.addresses)
		a := axes{users: v.users, slots: slots, addresses: v.addresses, hold: HoldNot, more: more + "/shared=" + v.shared}
		order := Arrange(addresses, shuffled(v.addresses))
		each(b, all, a, shape(slots, addresses), func(b *testing.B, p P) {
			cycles := make([]func(), len(order))
			for i, address := range order {
				cycles[i] = cycle(p, address)
				cycles[i]()
			}
			walks := make([]func(int), v.users)
			for u := range walks {
				walks[u] = walkOver(shareOf(cycles, u, v.users))
			}
			walkers(b, walks)
		})
	}
}

// shareOf returns the cycles of one user: a part of its own, or all if there
// are fewer than users.
func shareOf(cycles []func(), user, users int) []func() {
	if len(cycles) < users {
		return cycles
	}
	return cycles[user*len(cycles)/users : (user+1)*len(cycles)/users]
}

// walkOver returns a walk over the cycles in turn.
func walkOver(cycles []func()) func(int) {
	return func(n int) {
		for i := range n {
			cycles[i%len(cycles)]()
		}
	}
}

// MainWithManyDescriptors is Main for benchmarks that hold very many
// connections: connpool has as many slots as the process may have descriptors.
func MainWithManyDescriptors(m *testing.M) {
	if os.Getenv(serverVariable) == "" {
		if n := processSlots(); n < 12_000 {
			fmt.Fprintf(os.Stderr, "%d slots are too few: raise the limit on descriptors (ulimit -n) to 16,000\n", n)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	Main(m, nil)
}

// Guarded is a map that a mutex guards.
type Guarded[T any] struct {
	mu sync.Mutex
	of map[string]T
}

// Get returns what belongs to an address, made by make the first time.
func (g *Guarded[T]) Get(address string, make func() T) T {
	g.mu.Lock()
	defer g.mu.Unlock()
	x, ok := g.of[address]
	if !ok {
		if g.of == nil {
			g.of = map[string]T{}
		}
		x = make()
		g.of[address] = x
	}
	return x
}
