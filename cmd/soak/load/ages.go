//go:build linux

package load

import (
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
)

// agesSlack is what a busy machine may add to an age at which a connection is closed.
const agesSlack = 4 * time.Second

// CheckAges looks for parked connections of a Pool that are too long idle or
// too old. It counts in samples, not by the clock: what was parked while the whole
// process was stopped is not to blame.
func (l *Load) CheckAges(interval time.Duration) {
	for _, a := range l.apis {
		p, ok := a.(*poolAPI)
		if !ok {
			continue
		}
		for _, s := range append(p.ours.conns(), p.plain.conns()...) {
			s.age(l, interval)
		}
	}
}

// age is a look at one connection.
func (s *seen) age(l *Load, interval time.Duration) {
	s.looks++
	parked := int64(s.idleSince())
	if parked == 0 || parked != s.idleFrom {
		s.idleFrom, s.idleLooks = parked, 0
		return
	}
	s.idleLooks++
	idle, old := time.Duration(s.idleLooks)*interval, time.Duration(s.looks)*interval
	if idle > poolIdle*5/4+agesSlack {
		l.Ledger.Fail(check.Ages, "a connection to %v has been idle for %v, and may for %v", s.conn.RemoteAddr(), idle, poolIdle)
	}
	if idle > agesSlack && old > poolLifetime+agesSlack {
		l.Ledger.Fail(check.Ages, "a connection to %v is parked %v after its dial, and may be for %v", s.conn.RemoteAddr(), old, poolLifetime)
	}
}

func (p *soakedPool) conns() (all []*seen) {
	p.lock.Lock()
	defer p.lock.Unlock()
	for _, at := range p.places {
		all = at.all(all)
	}
	return all
}
