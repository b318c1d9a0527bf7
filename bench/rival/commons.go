package rival

import (
	"context"

	commonspool "github.com/jolestar/go-commons-pool/v2"
	"github.com/slotpool/slotpool/bench/work"
)

// commons is the Go form of Apache Commons Pool.
var commons = kind[*commonspool.ObjectPool]{
	name: "commons",
	most: 10_000,
	make: func(slots int) *commonspool.ObjectPool {
		config := commonspool.NewDefaultPoolConfig()
		config.MaxTotal, config.MaxIdle = slots, slots
		return commonspool.NewObjectPool(context.Background(), commonspool.NewPooledObjectFactorySimple(
			func(context.Context) (any, error) { return new(thing), nil },
		), config)
	},
	cycle: func(p *commonspool.ObjectPool, n int) {
		ctx := context.Background()
		for range n {
			t, err := p.BorrowObject(ctx)
			work.Check(err)
			work.Check(p.ReturnObject(ctx, t))
		}
	},
	user: func(p *commonspool.ObjectPool) work.User { return &commonsUser{pool: p} },
}

type commonsUser struct {
	pool *commonspool.ObjectPool
	held any
}

func (u *commonsUser) Get() {
	t, err := u.pool.BorrowObject(context.Background())
	work.Check(err)
	u.held = t
}

func (u *commonsUser) Put() { work.Check(u.pool.ReturnObject(context.Background(), u.held)) }
