package resourcepool

import "github.com/slotpool/slotpool/internal/autosize"

func init() { autosize.Of = func(p any) autosize.Pool { return autosized{&p.(*Pool).p} } }

// autosized is a pool as connpool sizes it.
type autosized struct{ p *pool }

// bounds are the two that want a say in the limit of a pool: SetMax and, for
// the pool of the process, what connpool makes of its descriptors. The less of
// them holds. waitLock guards them.
type bounds struct {
	asked, automatic       uint
	wasAsked, wasAutomatic bool
}

func (b *bounds) least() uint {
	switch {
	case !b.wasAsked:
		return b.automatic
	case !b.wasAutomatic:
		return b.asked
	}
	return min(b.asked, b.automatic)
}

func (a autosized) Resize(n uint) {
	p := a.p
	p.waitLock.Lock()
	p.bounds.automatic, p.bounds.wasAutomatic = n, true
	if !p.size.closed {
		p.resize(p.bounds.least())
	}
	p.waitLock.Unlock()
	p.shedDebt()
}

func (a autosized) Taken() uint {
	a.p.waitLock.Lock()
	defer a.p.waitLock.Unlock()
	return uint(a.p.taken())
}

func (a autosized) Watch(f func(allocated any)) { a.p.watch = f }

// watched tells whoever sizes the pool, or one above it, what was allocated. No
// lock is held.
func (p *pool) watched(allocated any) {
	for ; p != nil; p = p.parent {
		if p.watch != nil {
			p.watch(allocated)
		}
	}
}
