package connpool

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// poolBody is what a Pool has besides its fields.
type poolBody struct {
	p atomic.Pointer[pool] // nil before the first use
}

// pool is a Pool in use.
type pool struct {
	settings settings
	plain    bool // a Get that reuses has nothing to do but to look
	special  bool // a Put has more to do than to park
	slots    *resourcepool.Pool
	ownDial  bool // DialFunc is that of a Get of a ConnResource
	hosts    hostTable
	counts   counts
	journal  journal
	waiting  *resourcepool.WaitLimit // nil without MaxWaiting
	ages     ager
	quiet    quietConns

	live     atomic.Int64 // Gets that wait, dials, and connections that are open
	closing  atomic.Bool  // no new Gets
	killed   atomic.Bool  // nor do Gets wait any longer
	mu       sync.Mutex
	drainers []chan struct{} // each closed when closing and nothing lives
}

// settings are the fields of a Pool as they were at its first use, with the
// defaults in place of zero values.
type settings struct {
	DialFunc                  func(ctx context.Context, network, address string) (net.Conn, error)
	DialTimeout               time.Duration
	MaxPerAddress, MaxWaiting int
	IdleTimeout, MaxLifetime  time.Duration
	Check, Reset              func(ctx context.Context, c net.Conn) error
	Backoff                   *Backoff
	EvictQuiet, HoldWarning   time.Duration
	hooks
}

const defaultDialTimeout = 30 * time.Second

// start returns the pool, which the first use makes.
func (p *Pool) start() (*pool, error) {
	if s := p.body.p.Load(); s != nil {
		return s, nil
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if s := newPool(p); p.body.p.CompareAndSwap(nil, s) {
		return s, nil
	}
	return p.body.p.Load(), nil // another first use was faster
}

// check finds the fields that make no sense.
func (p *Pool) check() error {
	var wrong error
	for _, f := range []struct {
		name  string
		value any
		bad   bool
	}{
		{"DialTimeout", p.DialTimeout, p.DialTimeout < 0},
		{"MaxPerAddress", p.MaxPerAddress, p.MaxPerAddress < 0},
		{"MaxWaiting", p.MaxWaiting, p.MaxWaiting < 0},
		{"IdleTimeout", p.IdleTimeout, p.IdleTimeout < 0},
		{"MaxLifetime", p.MaxLifetime, p.MaxLifetime < 0},
		{"EvictQuiet", p.EvictQuiet, p.EvictQuiet < 0},
		{"HoldWarning", p.HoldWarning, p.HoldWarning < 0},
	} {
		if f.bad {
			wrong = and(wrong, fmt.Errorf("connpool: Pool.%s is %v, want 0 or more", f.name, f.value))
		}
	}
	return and(wrong, p.Backoff.check())
}

func newPool(p *Pool) *pool {
	s := &pool{slots: p.Slots, settings: settings{
		DialFunc: p.DialFunc, DialTimeout: p.DialTimeout,
		MaxPerAddress: p.MaxPerAddress, MaxWaiting: p.MaxWaiting,
		IdleTimeout: p.IdleTimeout, MaxLifetime: p.MaxLifetime,
		Check: p.Check, Reset: p.Reset, Backoff: p.Backoff.withDefaults(),
		EvictQuiet: p.EvictQuiet, HoldWarning: p.HoldWarning,
		hooks: newHooks(p.Trace, p.Logger),
	}}
	if s.slots == nil {
		s.slots = GetResourcePool()
	}
	if s.settings.DialFunc == nil {
		s.settings.DialFunc, s.ownDial = ownDial, true
	}
	if s.settings.DialTimeout == 0 {
		s.settings.DialTimeout = defaultDialTimeout
	}
	if p.MaxWaiting != 0 {
		s.waiting = &resourcepool.WaitLimit{Max: p.MaxWaiting, Err: ErrTooManyWaiting}
	}
	s.plain = p.Check == nil && p.Trace == nil && p.HoldWarning == 0
	s.special = p.Reset != nil || p.HoldWarning != 0
	s.hosts.limitFailures(s.slots.Stats().Limit)
	s.ages.init(s)
	return s
}

// enter returns the host of an address for a Get that found no idle connection
// there, or for any other verb that waits. leave ends it.
//
// Get against Shutdown: the Get is counted before it looks whether the pool is
// closing, and Shutdown says so before it looks at the count. So either the Get
// fails or Shutdown waits for it.
func (p *pool) enter(network, address string) (*host, error) {
	p.live.Add(1)
	if p.closing.Load() {
		p.passed()
		return nil, ErrClosed
	}
	hash := hashOf(network, address)
	return p.hosts.enter(hash, network, address, func() *host { return newHost(p, hash, network, address) }), nil
}

func (p *pool) leave(h *host) {
	if p.closing.Load() {
		h.closeDown()
	}
	h.unrefer()
	p.passed()
}

// passed says that one of what live counts is no more.
func (p *pool) passed() {
	if p.live.Add(-1) == 0 && p.closing.Load() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range p.drainers {
			close(c)
		}
		p.drainers = nil
	}
}
