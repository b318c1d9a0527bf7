//go:build linux

// Package load is the users of the library that is soaked: what they do, how
// often, and what each of them can tell of it.
package load

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/server"
	"github.com/slotpool/slotpool/cmd/soak/wire"
	"github.com/slotpool/slotpool/resourcepool"
)

// Config is what a load is made of.
type Config struct {
	Seed   uint64
	Users  int
	Rate   float64 // Gets a second, on average, for all users together
	Steady int     // users who hold a connection for seconds, at no rate
	Inject check.Injection
	APIs   []string          // of ParseAPIs
	Names  string            // address of the name server, empty if there is none
	Dead   []server.Endpoint // hosts at which nothing accepts
}

// New makes the users and the sites of the endpoints, a private site for each
// user besides. Set TLS, call Begin and set Started before Start.
func New(c Config, endpoints []server.Endpoint, ledger *check.Ledger) *Load {
	l := &Load{
		Ledger: ledger, inject: c.Inject, beside: newBeside(), chooser: newChooser(len(endpoints)), endpoints: endpoints,
		pacer: pacer{rate: c.Rate, swing: 0.5, period: time.Minute, users: c.Users},
		Gets:  newLatency(), Dials: newLatency(), Requests: newLatency(),
		stopped: make(chan struct{}), abandoned: make(chan struct{}),
	}
	l.makeAPIs(c.APIs)
	for i, e := range endpoints {
		l.Sites = append(l.Sites, l.newSite(i, e))
	}
	l.Lookups.Server = c.Names
	l.passing.from, l.passing.named = passable(endpoints, c.Names != ""), c.Names != ""
	for id := range c.Users + c.Steady + gauges {
		l.users = append(l.users, l.newUser(c, id))
	}
	first := SelectZipf
	l.Selection.Store(&first)
	return l
}

func (l *Load) newUser(c Config, id int) *user {
	i := len(l.endpoints) + id
	e := l.endpoints[i%len(l.endpoints)]
	u := &user{load: l, id: id, tasks: NewTaskSource(c.Seed, id), steady: id >= c.Users, gauge: id >= c.Users+c.Steady}
	u.private = l.newSite(i, e)
	if !u.steady {
		u.private = l.soleSite(i, e)
		if len(c.Dead) > 0 {
			u.dead = l.newSite(i, c.Dead[id%len(c.Dead)])
			u.dead.Dead = true
		}
	}
	u.buffers()
	return u
}

// soleSite returns a site with connections that are in no other site. A Pool has those to
// one address in common, so for one it is an address of its own.
func (l *Load) soleSite(index int, e server.Endpoint) *site {
	api := l.apis[index%len(l.apis)]
	if api == l.resource {
		return newSite(api, index, e)
	}
	if _, ok := api.(*poolAPI); ok && l.passing.named {
		named := l.passing.from[index%len(l.passing.from)]
		return newSite(api, index, named.Named(fmt.Sprintf("u%d", index)))
	}
	return newSite(l.resource, index, e)
}

// AllSites are the shared sites, those of one user each and those that pass.
func (l *Load) AllSites() []*site {
	all := append([]*site(nil), l.Sites...)
	for _, u := range l.users {
		all = append(all, u.private)
		if u.dead != nil {
			all = append(all, u.dead)
		}
	}
	return append(all, l.passing.sites()...)
}

// Try makes one request at a site, without the pool.
func (l *Load) Try(s *site) error {
	ctx, cancel := context.WithTimeout(context.Background(), nowTimeout)
	defer cancel()
	conn, err := (&dialer{load: l, site: s}).connect(ctx, s.Network, s.Target())
	if err != nil {
		return err
	}
	defer conn.Close()
	request := make([]byte, 100)
	wire.FillFrame(request, 0, 0, 0)
	_ = conn.SetDeadline(time.Now().Add(nowTimeout))
	return wire.Exchange(conn, request, make([]byte, len(request)))
}

// Begin has the APIs make what they have in the pool of slots.
func (l *Load) Begin(p *resourcepool.Pool) {
	l.Pool = p
	slog.SetDefault(slog.New(&logged{Handler: slog.NewTextHandler(os.Stderr, nil), load: l}))
	for _, a := range l.allAPIs() {
		a.begin(l)
	}
}

// sub makes a pool below that of the process.
func (l *Load) sub(most uint, name string) *resourcepool.Pool {
	p := l.Pool.Sub(most, name)
	l.subs = append(l.subs, p)
	return p
}

// ownStats are the totals of the process's pool without those of the pools below it.
func (l *Load) ownStats() resourcepool.Stats {
	s := l.Pool.Stats()
	for _, p := range l.subs {
		b := p.Stats()
		s.Gets, s.Reuses, s.Allocations = s.Gets-b.Gets, s.Reuses-b.Reuses, s.Allocations-b.Allocations
		s.AllocationErrors, s.CancelledWaits = s.AllocationErrors-b.AllocationErrors, s.CancelledWaits-b.CancelledWaits
	}
	return s
}

// direct is how many Gets came from users of a Pool that is in the process's pool itself.
func (l *Load) direct() (gets uint64) {
	for _, a := range l.apis {
		if p, ok := a.(*poolAPI); ok {
			gets += p.direct()
		}
	}
	return gets
}

// Drain waits until nothing happens any more that no user waits for.
func (l *Load) Drain(ctx context.Context) {
	for _, a := range l.allAPIs() {
		l.Ledger.Trouble(a.drain(ctx))
	}
}

// End closes what the APIs have and compares what they counted.
func (l *Load) End(ctx context.Context) {
	for _, a := range l.allAPIs() {
		a.end(ctx)
	}
	l.checkPanics()
}

// Close closes the pools below that of the process, whose Stats are without them then.
func (l *Load) Close() {
	for _, p := range l.subs {
		_ = p.Close() // is always nil
	}
}

// Load is the users and what they share.
type Load struct {
	Pool    *resourcepool.Pool
	Sites   []*site
	TLS     *tls.Config
	Ledger  *check.Ledger
	pacer   pacer
	chooser *chooser
	inject  check.Injection
	Started time.Time

	Tally     tally
	StruckBy  [FaultCount]atomic.Uint64
	Active    atomic.Uint64 // faultBits of the faults that users and dialers make
	Selection atomic.Pointer[Selection]
	Phase     atomic.Int32 // a Phase
	injected  atomic.Int64
	lookedAt  atomic.Int64 // when idle connections were looked for
	resource  *resourceAPI
	apis      []API // of the users
	subs      []*resourcepool.Pool
	endpoints []server.Endpoint
	passing   passing
	Lookups   Lookups
	beside    beside

	Gets, Dials, Requests *latency

	users     []*user
	waits     []watched // of each user
	running   sync.WaitGroup
	stopped   chan struct{} // closed when users shall finish their turn
	abandoned chan struct{} // closed when what does not end is given up
}

func (l *Load) struck(id Fault) { l.StruckBy[id].Add(1) }

// Strikes counts n strikes of a fault.
func (l *Load) Strikes(id Fault, n uint64) { l.StruckBy[id].Add(n) }

// StrikesInAll counts those of all faults.
func (l *Load) StrikesInAll() uint64 {
	var n uint64
	for i := range l.StruckBy {
		n += l.StruckBy[i].Load()
	}
	return n
}
