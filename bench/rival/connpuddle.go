package rival

import (
	"context"

	"github.com/jackc/puddle/v2"
	"github.com/slotpool/slotpool/bench/work"
)

type puddleSite struct {
	shape work.ConnShape
	pool  *puddle.Pool[*conn]
}

func newPuddleSite(s work.ConnShape, address int) site {
	pool, err := puddle.NewPool(&puddle.Config[*conn]{
		Constructor: func(context.Context) (*conn, error) { return dial(s, address) },
		Destructor:  func(c *conn) { c.Close() },
		MaxSize:     int32(s.Slots),
	})
	work.Check(err)
	return puddleSite{s, pool}
}

func (p puddleSite) get() work.Lease {
	for {
		r, err := p.pool.Acquire(context.Background())
		work.Check(err)
		if c := r.Value(); good(p.shape, c) {
			return work.Lease{Conn: c.Conn, Handle: r}
		}
		r.Destroy()
	}
}

func (p puddleSite) put(l work.Lease)     { l.Handle.(*puddle.Resource[*conn]).Release() }
func (p puddleSite) discard(l work.Lease) { l.Handle.(*puddle.Resource[*conn]).Destroy() }
func (p puddleSite) close()               { p.pool.Close() }
