package connpool

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestHostTableFollowsItsUse(t *testing.T) {
	p, _ := fakePool(t, 8, nil)
	get(t, p, "x:1").Close()
	s := p.body.p.Load()
	const n = 20_000
	for range 2 {
		var hosts []*host
		for i := range n {
			h, err := s.enter("tcp", addressOf(i)+"?")
			if err != nil {
				t.Fatal(err)
			}
			if again, _ := s.enter("tcp", addressOf(i)+"?"); again != h {
				t.Fatalf("two hosts for %s", h.address)
			} else {
				s.leave(again)
			}
			hosts = append(hosts, h)
		}
		if got := s.hosts.len(); got != n {
			t.Fatalf("%d hosts, want %d", got, n)
		}
		for i, h := range hosts {
			if i%2 == 0 {
				s.leave(h)
			}
		}
		for i, h := range hosts {
			if found := s.hosts.find(h.hash, h.network, h.address); (found == h) != (i%2 == 1) {
				t.Fatalf("%s: found %p, want %p only if it was not left", h.address, found, h)
			}
		}
		for i, h := range hosts {
			if i%2 == 1 {
				s.leave(h)
			}
		}
		if buckets := bucketsOf(&s.hosts); s.hosts.len() != 0 || buckets > tableShards*leastBuckets {
			t.Fatalf("%d hosts and %d buckets are left", s.hosts.len(), buckets)
		}
	}
}

func bucketsOf(table *hostTable) (n int) {
	for i := range table.shards {
		if b := table.shards[i].buckets.Load(); b != nil {
			n += len(*b)
		}
	}
	return n
}

// A walk meets each host that stays once, also if the table is resized between its steps,
// and so that one of them ends within a bucket.
func TestWalkBesideResizes(t *testing.T) {
	var table hostTable
	shard := &table.shards[0]
	rng := rand.New(rand.NewPCG(1, 2))
	enter := func(n int) (hosts []*host) {
		for range n {
			h := &host{hash: rng.Uint64() / tableShards}
			h.references.Store(1)
			hosts = append(hosts, table.enter(h.hash, "", "", func() *host { return h }))
		}
		return hosts
	}
	leave := func(hosts []*host) {
		for _, h := range hosts {
			h.references.Add(-1)
			table.remove(h)
		}
	}
	stay, passing := enter(127), enter(16_500)
	met := map[*host]int{}
	steps, sizes := 0, map[int]bool{}
	for from, more := uint64(0), true; more; steps++ {
		var hosts []*host
		sizes[len(*shard.buckets.Load())] = true
		if hosts, from, more = shard.some(nil, from); len(hosts) > 8*mostBuckets {
			t.Fatalf("%d hosts in one hold of the lock", len(hosts))
		}
		for _, h := range hosts {
			met[h]++
		}
		if leave(passing); steps%2 == 1 {
			passing = enter(16_500)
		} else {
			passing = nil
		}
	}
	if !sizes[512] || !sizes[64*512] {
		t.Errorf("%d steps, of tables with %v buckets", steps, sizes)
	}
	for _, h := range stay {
		if met[h] != 1 {
			t.Errorf("%x was met %d times", h.hash, met[h])
		}
	}
}

// The same while another changes the table all the time.
func TestWalkBesideChanges(t *testing.T) {
	var table hostTable
	rng := rand.New(rand.NewPCG(3, 4))
	enter := func() *host {
		h := &host{hash: rng.Uint64() / tableShards}
		h.references.Store(1)
		return table.enter(h.hash, "", "", func() *host { return h })
	}
	stay := make([]*host, 300)
	for i := range stay {
		stay[i] = enter()
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for more := true; more; {
			passing := make([]*host, 2000)
			for i := range passing {
				passing[i] = enter()
			}
			for _, h := range passing {
				h.references.Add(-1)
				table.remove(h)
			}
			select {
			case <-stop:
				more = false
			default:
			}
		}
	}()
	for range 50 {
		met := map[*host]int{}
		for h := range table.all {
			met[h]++
		}
		for _, h := range stay {
			if met[h] != 1 {
				t.Fatalf("%x was met %d times", h.hash, met[h])
			}
		}
	}
	close(stop)
	<-stopped
}

// A look at many addresses takes no more memory than one at a few.
func TestLooksAreOfFixedMemory(t *testing.T) {
	const many = 5_000
	p, _ := fakePool(t, many, nil)
	for i := range many {
		get(t, p, addressOf(i)+"?").Put()
	}
	if s := p.Stats(); s.Idle != many || s.Addresses != many {
		t.Fatalf("%+v", s)
	}
	allocations := testing.AllocsPerRun(3, func() {
		p.Stats()
		for range p.Holders() {
			t.Error("all are idle")
		}
	})
	if allocations > 100 {
		t.Errorf("%v allocations", allocations)
	}
}

// A Get that looked a host up just before it was removed must neither be served
// by it nor be lost: it gets a connection of the host that is in the table.
func TestGetBesideTheRemovalOfItsHost(t *testing.T) {
	p, n := fakePool(t, 64, nil)
	over := time.Now().Add(testkit.StressTime(t))
	var users sync.WaitGroup
	for u := range 4 {
		users.Go(func() {
			for i := 0; time.Now().Before(over); i++ {
				c, err := p.Get(context.Background(), "tcp", addressOf(i%3))
				if err != nil {
					t.Error(err)
					return
				}
				if c.Conn.(*fakeConn).address != addressOf(i%3) {
					t.Error("a connection to another address")
				}
				if (i+u)%2 == 0 {
					c.Put()
					p.CloseIdle("tcp", addressOf(i%3))
				} else {
					_ = c.Close() // the last one takes the host away
				}
			}
		})
	}
	users.Wait()
	if dials, _ := n.count(); dials < 100 {
		t.Errorf("only %d dials: the hosts were not removed", dials)
	}
}

// The same, step by step.
func TestGetOfARemovedHostMakesANewOne(t *testing.T) {
	p, _ := fakePool(t, 4, nil)
	c := get(t, p, "x:1")
	s := p.body.p.Load()
	old := s.hosts.find(hashOf("tcp", "x:1"), "tcp", "x:1")
	_ = c.Close()
	if old.refer() {
		t.Fatal("a removed host can be referred to")
	}
	if r := old.group.TryGet(); r != nil {
		t.Fatal("a removed host has a connection")
	}
	if m := old.group; m == nil {
		t.Fatal()
	}
	if err := (&member{host: old}).Allocate(); err != errUnwanted {
		t.Fatalf("a dial for a removed host: %v", err)
	}
	get(t, p, "x:1").Put()
	if s.hosts.find(old.hash, "tcp", "x:1") == old {
		t.Fatal("the removed host is in the table")
	}
}

// TestMemoryFollowsUse visits very many addresses once.
func TestMemoryFollowsUse(t *testing.T) {
	const slots = 64
	many := 50_000
	if os.Getenv("SLOTPOOL_STRESS") != "" {
		many = 1_000_000
	}
	for _, fail := range []bool{true, false} {
		t.Run(fmt.Sprintf("fail=%v", fail), func(t *testing.T) {
			p, n := fakePool(t, slots, func(p *Pool) {
				if fail {
					p.Backoff = &Backoff{}
				}
			})
			if fail {
				n.on = func(context.Context, string) error { return errFake }
			}
			before := heap()
			for i := range many {
				c, err := p.Get(context.Background(), "tcp", fmt.Sprint("10.", i, ":1"))
				if (err != nil) != fail {
					t.Fatal(err)
				}
				if err == nil {
					c.Put()
				}
			}
			grown := heap() - before
			t.Logf("%d bytes more after %d addresses", grown, many)
			if limit := int64(2<<20 + slots*1024); grown > limit {
				t.Errorf("%d bytes more, want at most %d", grown, limit)
			}
			runtime.KeepAlive(p)
		})
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
