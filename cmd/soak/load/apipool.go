//go:build linux

package load

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/server"
	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// The ages at which the connections of the Pools are closed, and of how many to
// one address there may be in one of them.
const (
	poolIdle     = 3 * time.Second
	poolLifetime = 12 * time.Second
	poolMost     = 3
)

// poolAPI is connpool.Pool: one that dials by the soak's dialer, with a limit for
// each address, and one that dials by itself, where an address can be dialled so.
type poolAPI struct {
	ours, plain *soakedPool
	inProcess   bool // ours is in the process's pool itself
	opened      atomic.Uint64
}

// newPoolAPI makes the Pools. They are in pools of slots of their own below that of the
// process, so that what each counts can be told, but for one if that is alone.
func newPoolAPI(l *Load, alone bool) *poolAPI {
	a := &poolAPI{inProcess: alone}
	a.ours = &soakedPool{load: l, name: "ours", places: map[string]*poolPlace{}}
	a.plain = &soakedPool{load: l, name: "plain", places: map[string]*poolPlace{}, plain: true}
	a.ours.pool.DialFunc, a.ours.pool.MaxPerAddress = a.ours.dial, poolMost
	return a
}

// Conns are the Pools that users get connections from, for who shows them.
func (l *Load) Conns() map[string]*connpool.Pool {
	all := map[string]*connpool.Pool{}
	for _, a := range l.apis {
		if a, is := a.(*poolAPI); is {
			all[a.ours.name], all[a.plain.name] = &a.ours.pool, &a.plain.pool
		}
	}
	return all
}

func (a *poolAPI) begin(l *Load) {
	slots := l.Pool.Stats().Limit
	if !a.inProcess {
		a.ours.slots = l.sub(slots, "soak-ours")
	}
	a.plain.slots = l.sub(max(slots/4, 2), "soak-plain") // it has to live with fewer than it wants
	a.ours.begin()
	a.plain.begin()
}

func (a *poolAPI) open(e server.Endpoint) Way {
	p := a.ours
	if a.opened.Add(1)%2 == 0 && !e.TLS && e.Name == "" {
		p = a.plain
	}
	return &poolWay{of: p, network: e.Network, address: e.Target(), conns: p.enter(e)}
}

// direct is how many Gets were served by slots of the process's pool itself.
func (a *poolAPI) direct() uint64 {
	if !a.inProcess {
		return 0
	}
	return a.ours.gets.Load()
}

func (a *poolAPI) drain(ctx context.Context) error {
	for ctx.Err() == nil {
		if a.ours.pool.Stats().Dialing+a.plain.pool.Stats().Dialing == 0 {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return fmt.Errorf("dials of a Pool do not end: %+v, %+v", a.ours.pool.Stats(), a.plain.pool.Stats())
}

func (a *poolAPI) end(ctx context.Context) {
	a.ours.end(ctx)
	a.plain.end(ctx)
	ours, plain := a.ours.pool.Stats().Closed, a.plain.pool.Stats().Closed
	a.ours.load.Ledger.Note(check.Ages, "%d were closed as idle for %v, %d as open for %v",
		ours.Idle+plain.Idle, poolIdle, ours.Lifetime+plain.Lifetime, poolLifetime)
}

// soakedPool is a Pool and what its users counted.
type soakedPool struct {
	load  *Load
	name  string
	plain bool
	pool  connpool.Pool
	slots *resourcepool.Pool // nil: that of the process

	// Gets that succeeded, of these, of a connection that had a user before; and Gets that
	// found none idle and failed, by an error or a panic.
	gets, reused, failed atomic.Uint64

	lock   sync.Mutex
	places map[string]*poolPlace // by network and address
}

// poolPlace is where the connections of a Pool to one address are.
type poolPlace struct {
	place
	ways int // that lead there
}

func (p *soakedPool) begin() {
	p.pool.Slots, p.pool.DialTimeout = p.slots, dialTimeout
	p.pool.IdleTimeout, p.pool.MaxLifetime = poolIdle, poolLifetime
	if p.load.inject == check.InjectAges {
		p.pool.IdleTimeout, p.pool.MaxLifetime = 0, 0
	}
}

func (p *soakedPool) enter(e server.Endpoint) *poolPlace {
	key := e.Network + " " + e.Target()
	p.lock.Lock()
	defer p.lock.Unlock()
	at := p.places[key]
	if at == nil {
		at = &poolPlace{}
		p.places[key] = at
	}
	at.ways++
	return at
}

func (p *soakedPool) leave(network, address string) {
	key := network + " " + address
	p.lock.Lock()
	defer p.lock.Unlock()
	if at := p.places[key]; at != nil {
		if at.ways--; at.ways == 0 {
			delete(p.places, key)
		}
	}
}

// end shuts the Pool down, and compares its totals with what its users counted.
func (p *soakedPool) end(ctx context.Context) {
	l := p.load.Ledger
	if err := p.pool.Shutdown(ctx); err != nil {
		l.Fail(check.Empty, "the Pool %s does not shut down: %v: %+v", p.name, err, p.pool.Stats())
		return
	}
	s := p.pool.Stats()
	if s.InUse+s.Idle+s.Dialed+s.Dialing+s.Waiting+s.Addresses != 0 {
		l.Fail(check.Empty, "the Pool %s is shut down and has %+v", p.name, s)
	}
	c := s.Closed
	closed := c.Evicted + c.Dead + c.ByPeer + c.Idle + c.Lifetime + c.Reset + c.ByUser + c.Shutdown
	if s.Dials.Succeeded != closed {
		l.Fail(check.Accounts, "the Pool %s counted %d dials that succeeded, and %d connections closed", p.name, s.Dials.Succeeded, closed)
	}
	if s.Reuses != p.reused.Load() {
		l.Fail(check.Accounts, "the Pool %s counted %d reuses, its users %d", p.name, s.Reuses, p.reused.Load())
	}
	if s.WaitsFailed != p.failed.Load() {
		l.Fail(check.Accounts, "the Pool %s counted %d Gets that waited in vain, its users %d", p.name, s.WaitsFailed, p.failed.Load())
	}
	if p.slots != nil {
		p.endSlots(s)
	}
}

// endSlots compares the totals of the Pool's own slots. A TryGet that found a
// dead connection counts there, as it had it in hand.
func (p *soakedPool) endSlots(s connpool.PoolStats) {
	b, gets := p.slots.Stats(), p.gets.Load()
	if b.InUse+b.Idle+b.Releasing+b.Waiting != 0 {
		p.load.Ledger.Fail(check.Empty, "the slots of the Pool %s: %+v", p.name, b)
	}
	most := gets
	if p.plain {
		most += s.Closed.Dead
	}
	if b.Gets < gets || b.Gets > most {
		p.load.Ledger.Fail(check.Accounts, "the slots of the Pool %s counted %d Gets, its users %d, and up to %d are as well", p.name, b.Gets, gets, most)
	}
}
