// Package rival holds the pools that slotpool is compared with: what a Go
// program would use in its place.
//
// Most of them hold interchangeable things and know no addresses. Where a
// work asks for a certain resource, such a rival has a pool of one for each,
// if the slots suffice for that, and else does not take part.
package rival

import "github.com/slotpool/slotpool/bench/work"

// All are the rivals for resources, most used first.
func All() []work.Contender {
	return []work.Contender{
		puddles.contender(),
		channels.contender(),
		semaphores.contender(),
		commons.contender(),
		databases.contender(),
		lockedMap,
	}
}

// kind is a sort of pool of interchangeable things.
type kind[P any] struct {
	name  string
	most  int // pools at once; the machine's memory sets it
	make  func(slots int) P
	cycle func(p P, n int) // n times Get and Put
	user  func(p P) work.User
	close func(p P) // nil if the garbage collector does it
}

func (k kind[P]) contender() work.Contender {
	return work.Named(k.name, func(s work.Shape) work.Pool {
		switch {
		case !s.Exact:
			return pooled[P]{k, []P{k.make(s.Slots)}}
		case s.Slots < s.Resources || s.Resources > k.most:
			return nil
		}
		pools := make([]P, s.Resources)
		for i := range pools {
			pools[i] = k.make(1)
		}
		return pooled[P]{k, pools}
	})
}

// pooled is one pool for all resources or one for each.
type pooled[P any] struct {
	kind  kind[P]
	pools []P
}

func (p pooled[P]) User(i int) work.User { return p.kind.user(p.pools[i%len(p.pools)]) }

func (p pooled[P]) Close() {
	if p.kind.close != nil {
		for _, pool := range p.pools {
			p.kind.close(pool)
		}
	}
}

func (p pooled[P]) Walk(order []int) func(n int) {
	cycle := p.kind.cycle
	if len(p.pools) == 1 {
		return func(n int) { cycle(p.pools[0], n) }
	}
	list := work.Arrange(p.pools, order)
	return func(n int) {
		for ; n > 0; n -= len(list) {
			for _, pool := range list[:min(n, len(list))] {
				cycle(pool, 1)
			}
		}
	}
}

// thing is what the pools hold.
type thing struct{ _ [8]byte }
