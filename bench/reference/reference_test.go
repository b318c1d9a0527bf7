// Package reference runs the benchmark bodies for the reference and slotpool
// in one binary. It is a module of its own: nothing else needs the reference.
package reference

import (
	"net"
	"testing"
	"time"

	"github.com/Cloud-Foundations/Dominator/lib/connpool"
	"github.com/Cloud-Foundations/Dominator/lib/resourcepool"
	"github.com/slotpool/slotpool/bench/work"
)

var contenders = []work.Contender{work.Slotpool, work.Named("reference", newPool)}

func BenchmarkAlone(b *testing.B)     { work.Alone(b, contenders) }
func BenchmarkParallel(b *testing.B)  { work.Parallel(b, contenders) }
func BenchmarkContended(b *testing.B) { work.Contended(b, contenders) }
func BenchmarkWait(b *testing.B)      { work.Wait(b, contenders) }
func BenchmarkEvicting(b *testing.B)  { work.Evicting(b, contenders) }
func BenchmarkWide(b *testing.B)      { work.Wide(b, contenders) }

var connContenders = []work.ConnContender{work.SlotpoolConn, work.NamedConn("reference", newConns)}

func BenchmarkConn(b *testing.B)      { work.Conn(b, connContenders) }
func BenchmarkDialClose(b *testing.B) { work.DialClose(b, connContenders) }
func BenchmarkFanout(b *testing.B)    { work.Fanout(b, connContenders) }
func BenchmarkBytes(b *testing.B)     { work.Bytes(b, contenders, connContenders) }

func TestMain(m *testing.M) { work.Main(m, func() { connpool.GetResourcePool() }) }

type nothing struct{}

func (nothing) Allocate() error { return nil }
func (nothing) Release() error  { return nil }

type pool []*resourcepool.Resource

func newPool(s work.Shape) work.Pool {
	from := resourcepool.New(uint(s.Slots), "")
	p := make(pool, s.Resources)
	for i := range p {
		p[i] = from.Create(nothing{})
	}
	return p
}

func (p pool) Walk(order []int) func(n int) {
	list := work.Arrange(p, order)
	return func(n int) {
		for ; n > 0; n -= len(list) {
			for _, r := range list[:min(n, len(list))] {
				work.Check(r.Get(nil))
				r.Put()
			}
		}
	}
}

func (p pool) User(i int) work.User { return user{p[i]} }

type user struct{ r *resourcepool.Resource }

func (u user) Get() { work.Check(u.r.Get(nil)) }
func (u user) Put() { u.r.Put() }

// conns peeks at a parked connection where a benchmark asks for it, as the
// reference itself does not. Whoever holds an address has its entry in open.
type conns struct {
	shape     work.ConnShape
	resources []*connpool.ConnResource
	open      []looked
}

type looked struct {
	conn net.Conn
	peek *work.Peek
}

func newConns(s work.ConnShape) work.ConnPool {
	p := &conns{shape: s}
	if s.Check {
		p.open = make([]looked, len(s.Addresses))
	}
	for _, address := range s.Addresses {
		p.resources = append(p.resources, connpool.New("tcp", address))
	}
	return p
}

func (p *conns) Get(address int) work.Lease {
	for {
		c, err := p.get(address)
		work.Check(err)
		if !p.shape.Check || p.alive(address, c.Conn) {
			return work.Lease{Conn: c.Conn, Handle: c}
		}
		work.Check(c.Close())
	}
}

func (p *conns) get(address int) (*connpool.Conn, error) {
	r := p.resources[address]
	if p.shape.Dialer == nil {
		return r.Get(nil, 10*time.Second)
	}
	return r.GetWithDialer(nil, p.shape.Dialer)
}

func (p *conns) alive(address int, c net.Conn) bool {
	o := &p.open[address]
	if o.conn != c {
		*o = looked{c, work.NewPeek(c)}
	}
	return o.peek.Alive()
}

func (p *conns) Put(l work.Lease)     { l.Handle.(*connpool.Conn).Put() }
func (p *conns) Discard(l work.Lease) { work.Check(l.Handle.(*connpool.Conn).Close()) }

func (p *conns) Close() {
	for _, r := range p.resources {
		r.ScheduleClose()
	}
}
