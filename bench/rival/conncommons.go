package rival

import (
	"context"

	commonspool "github.com/jolestar/go-commons-pool/v2"
	"github.com/slotpool/slotpool/bench/work"
)

type commonsSite struct{ pool *commonspool.ObjectPool }

func newCommonsSite(s work.ConnShape, address int) site {
	config := commonspool.NewDefaultPoolConfig()
	config.MaxTotal, config.MaxIdle = s.Slots, s.Slots
	config.TestOnBorrow = s.Check
	return commonsSite{commonspool.NewObjectPool(context.Background(), commonspool.NewPooledObjectFactory(
		func(context.Context) (any, error) { return dial(s, address) },
		func(_ context.Context, o *commonspool.PooledObject) error { return o.Object.(*conn).Close() },
		func(_ context.Context, o *commonspool.PooledObject) bool { return o.Object.(*conn).peek.Alive() },
		nil, nil,
	), config)}
}

func (p commonsSite) get() work.Lease {
	c, err := p.pool.BorrowObject(context.Background())
	work.Check(err)
	return work.Lease{Conn: c.(*conn).Conn, Handle: c}
}

func (p commonsSite) put(l work.Lease) {
	work.Check(p.pool.ReturnObject(context.Background(), l.Handle))
}

func (p commonsSite) discard(l work.Lease) {
	work.Check(p.pool.InvalidateObject(context.Background(), l.Handle))
}

func (p commonsSite) close() { p.pool.Close(context.Background()) }
