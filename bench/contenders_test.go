package bench

import (
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/slotpool/slotpool/bench/work"
)

// What is compared must do the work: no more users at once than there are
// slots, and none for one resource where that is asked for.

func TestContendersKeepTheLimit(t *testing.T) {
	s := work.Shape{Slots: 4, Resources: 16, Waits: true}
	for _, c := range contenders() {
		t.Run(c.Name(), func(t *testing.T) {
			if most := crowdOf(c.New(s), 16, 16)[0]; most > 4 {
				t.Errorf("%d users at once, want at most 4", most)
			}
		})
	}
}

func TestContendersKeepResourcesApart(t *testing.T) {
	s := work.Shape{Slots: 4, Resources: 4, Exact: true, Waits: true}
	for _, c := range contenders() {
		t.Run(c.Name(), func(t *testing.T) {
			for i, most := range crowdOf(c.New(s), 16, 4)[1:] {
				if most != 1 {
					t.Errorf("resource %d had %d users at once, want 1", i, most)
				}
			}
		})
	}
}

// crowdOf has users cycle and returns the most that were between Get and Put
// at once: first in all, then for each resource.
func crowdOf(p work.Pool, users, resources int) []int64 {
	if c, ok := p.(interface{ Close() }); ok {
		defer c.Close()
	}
	now, most := make([]atomic.Int64, 1+resources), make([]atomic.Int64, 1+resources)
	var done sync.WaitGroup
	for u := range users {
		user, places := p.User(u%resources), []int{0, 1 + u%resources}
		done.Go(func() {
			for range 200 {
				user.Get()
				for _, i := range places {
					raise(&most[i], now[i].Add(1))
				}
				runtime.Gosched()
				for _, i := range places {
					now[i].Add(-1)
				}
				user.Put()
			}
		})
	}
	done.Wait()
	values := make([]int64, len(most))
	for i := range most {
		values[i] = most[i].Load()
	}
	return values
}

func raise(most *atomic.Int64, to int64) {
	for old := most.Load(); old < to && !most.CompareAndSwap(old, to); {
		old = most.Load()
	}
}

func TestWalkServesEachStep(t *testing.T) {
	s := work.Shape{Slots: 8, Resources: 8, Exact: true}
	for _, c := range contenders() {
		t.Run(c.Name(), func(t *testing.T) {
			p := c.New(s)
			if p == nil {
				t.Fatal("does not fit")
			}
			p.Walk([]int{3, 1, 2})(100)
			for i := range s.Resources { // all were put back
				u := p.User(i)
				u.Get()
				u.Put()
			}
		})
	}
}

func TestConnContendersReuse(t *testing.T) {
	server := work.StartServer(t)
	for _, c := range connContenders() {
		for _, check := range []bool{false, true} {
			d := &countingDialer{}
			p := c.New(work.ConnShape{Slots: 4, Addresses: server.Plain[:2], Dialer: d, Check: check})
			if p == nil {
				continue // bare: does not park
			}
			for range 3 {
				l := p.Get(1)
				if _, err := l.Write(make([]byte, 64)); err != nil {
					t.Errorf("%s: %v", c.Name(), err)
				}
				if _, err := l.Read(make([]byte, 64)); err != nil {
					t.Errorf("%s: %v", c.Name(), err)
				}
				p.Put(l)
			}
			if d.dials != 1 {
				t.Errorf("%s, check=%v: %d dials for one connection, want 1", c.Name(), check, d.dials)
			}
			p.Discard(p.Get(0))
			if d.dials != 2 {
				t.Errorf("%s, check=%v: %d dials for two connections, want 2", c.Name(), check, d.dials)
			}
			p.Close()
		}
	}
}

type countingDialer struct{ dials int }

func (d *countingDialer) Dial(network, address string) (net.Conn, error) {
	d.dials++
	return net.Dial(network, address)
}
