package resourcepool

import (
	"slices"

	"github.com/slotpool/slotpool/internal/shard"
)

// sub makes a pool whose resources live in slots of p, at most max of them. A
// slot of it is leave to take one of p: a resource of it holds one of each. Each is
// counted by its own pool, and taken from the bottom up, so that who has a slot of
// p never waits for one of a pool below.
//
// A sub-pool has lists of its own, in which it finds victims of its own when it is
// full. A pool looks for victims in all lists of its tree.
func (p *pool) sub(max uint, name string) *Pool {
	n := shard.Count(max)
	c := &Pool{p: pool{room: p.room, parent: p}}
	c.p.init(max, name, n, shard.Lists(max, n))
	p.waitLock.Lock()
	defer p.waitLock.Unlock()
	if p.size.closed {
		c.p.size.closed = true
		c.p.resize(0)
		return c
	}
	c.p.slotWaiters.Store(p.slotWaiters.Load()) // whom its Puts could serve
	for q := p; q != nil; q = q.parent {
		with := *q.tree.Load()
		with.pools = append(slices.Clip(with.pools), &c.p)
		q.tree.Store(&with)
	}
	return c
}

// taken is the number of slots that are not free. waitLock is held.
func (p *pool) taken() uint64 {
	return uint64(max(int64(min(uint64(p.size.total), 1<<62))-p.free.Free(), 0))
}

// spread uses as many shards and lists as fit the present size; shards never become fewer. waitLock is held.
func (p *pool) spread() {
	n := shard.Count(p.size.limit)
	p.free.Spread(n)
	p.idle.Spread(shard.Lists(p.size.limit, n))
}
