package rival

import (
	"context"

	"github.com/jackc/puddle/v2"
	"github.com/slotpool/slotpool/bench/work"
)

type puddlePool = puddle.Pool[*thing]

// puddles is the pool below jackc/pgx.
var puddles = kind[*puddlePool]{
	name: "puddle",
	most: 1_000_000,
	make: func(slots int) *puddlePool {
		p, err := puddle.NewPool(&puddle.Config[*thing]{
			Constructor: func(context.Context) (*thing, error) { return new(thing), nil },
			Destructor:  func(*thing) {},
			MaxSize:     int32(slots),
		})
		work.Check(err)
		return p
	},
	cycle: func(p *puddlePool, n int) {
		ctx := context.Background()
		for range n {
			r, err := p.Acquire(ctx)
			work.Check(err)
			r.Release()
		}
	},
	user: func(p *puddlePool) work.User { return &puddleUser{pool: p} },
}

type puddleUser struct {
	pool *puddlePool
	held *puddle.Resource[*thing]
}

func (u *puddleUser) Get() {
	r, err := u.pool.Acquire(context.Background())
	work.Check(err)
	u.held = r
}

func (u *puddleUser) Put() { u.held.Release() }
