package shard

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"
)

func TestCountFollowsSlotsAndThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, c := range []struct {
		threads int
		max     uint
		want    int
	}{
		{1, 0, 1}, {1, 1, 1}, {1, 31, 1}, {1, 64, 2}, {1, 1000, 4},
		{2, 1000, 8}, {2, 100, 2}, {3, 1 << 20, 8}, {64, 1 << 20, 64}, {64, 1000, 16}, {4, ^uint(0), 16},
	} {
		runtime.GOMAXPROCS(c.threads)
		if got := Count(c.max); got != c.want {
			t.Errorf("%d slots, %d threads: %d shards, want %d", c.max, c.threads, got, c.want)
		}
	}
}

func TestOfSpreadsKeys(t *testing.T) {
	const shards, keys = 16, 16000
	var n [shards]int
	for i := range keys {
		n[Of(fmt.Sprintf("10.0.%d.%d:6910", i/256, i%256), shards)]++
	}
	for s, got := range n {
		if got < keys/shards*8/10 || got > keys/shards*12/10 {
			t.Errorf("shard %d has %d of %d keys", s, got, keys)
		}
	}
}

func TestSlotsHandOutEachSlotOnce(t *testing.T) {
	for _, c := range []struct {
		total  uint
		shards int
	}{{0, 1}, {0, 4}, {1, 1}, {1, 8}, {7, 4}, {64, 8}} {
		s := NewSlots(c.total, c.shards)
		var got uint
		for s.TryAcquire(int(got) % c.shards) {
			got++
		}
		if got != c.total || s.Free() != 0 {
			t.Errorf("%d slots in %d shards: acquired %d, %d free", c.total, c.shards, got, s.Free())
		}
		s.Release(0)
		if !s.TryAcquire(c.shards - 1) {
			t.Error("a free slot in another shard was not stolen")
		}
	}
}

func TestSlotsOfAHugePool(t *testing.T) {
	s := NewSlots(^uint(0), 4)
	if uint64(s.Free()) != min(uint64(^uint(0)), 1<<63-1) || !s.TryAcquire(3) { // uint has 32 bits on 386
		t.Fatalf("%d free", s.Free())
	}
}

func TestSlotsNeverExceedTheTotalUnderStress(t *testing.T) {
	const total, shards, workers = 5, 4, 8
	s := NewSlots(total, shards)
	var held, most atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range 20000 {
				if !s.TryAcquire(w % shards) {
					continue
				}
				n := held.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				held.Add(-1)
				s.Release((w + i) % shards)
			}
		})
	}
	wg.Wait()
	if most.Load() > total || s.Free() != total {
		t.Fatalf("up to %d of %d held, %d free at the end", most.Load(), total, s.Free())
	}
}

func TestShardsShareNoCacheLine(t *testing.T) {
	if n := unsafe.Sizeof(paddedCount{}); n < 64+8 {
		t.Fatalf("a padded counter has %d bytes", n)
	}
}

type node struct {
	link  Link[node]
	id    int
	taken atomic.Int64
}

func (n *node) StackLink() *Link[node] { return &n.link }

func TestStackTakesNewestFirst(t *testing.T) {
	var s Stack[node, *node]
	nodes := make([]node, 5)
	for i := range nodes {
		nodes[i].id = i
		if !s.Push(&nodes[i]) || s.Push(&nodes[i]) {
			t.Fatal("a node must go on once")
		}
	}
	want := 4
	for n := range s.TakeAll {
		if n.id != want {
			t.Fatalf("took %d, want %d", n.id, want)
		}
		want--
		if n.id == 4 && !s.Push(n) {
			t.Fatal("a taken node cannot be pushed again")
		}
	}
	if want != -1 {
		t.Fatalf("stopped at %d", want)
	}
	for n := range s.TakeAll {
		if n.id != 4 {
			t.Fatal("a node that was pushed while taking is lost")
		}
	}
}

func TestStackStoppingEarlyTakesAllOff(t *testing.T) {
	var s Stack[node, *node]
	nodes := make([]node, 3)
	for i := range nodes {
		s.Push(&nodes[i])
	}
	for range s.TakeAll {
		break
	}
	for i := range nodes {
		if !s.Push(&nodes[i]) {
			t.Fatalf("node %d is still on", i)
		}
	}
}

// Pushers and takers at once: each push that reports true is taken once.
func TestStackStressLosesAndRepeatsNothing(t *testing.T) {
	var s Stack[node, *node]
	nodes := make([]node, 8)
	var pushed [len8]atomic.Int64
	var pushers, takers sync.WaitGroup
	var over atomic.Bool
	take := func() {
		for n := range s.TakeAll {
			n.taken.Add(1)
		}
	}
	for range 2 {
		takers.Go(func() {
			for !over.Load() {
				take()
			}
		})
	}
	for range 4 {
		pushers.Go(func() {
			for i := range 50000 {
				if s.Push(&nodes[i%len8]) {
					pushed[i%len8].Add(1)
				}
			}
		})
	}
	pushers.Wait()
	over.Store(true)
	takers.Wait()
	take()
	for i := range nodes {
		if p, g := pushed[i].Load(), nodes[i].taken.Load(); p != g || p == 0 {
			t.Errorf("node %d: pushed %d times, taken %d times", i, p, g)
		}
	}
}

const len8 = 8

func TestStackAllocatesNothing(t *testing.T) {
	var s Stack[node, *node]
	var n node
	if a := testing.AllocsPerRun(100, func() {
		s.Push(&n)
		for range s.TakeAll {
		}
	}); a != 0 {
		t.Fatalf("%v allocations", a)
	}
}

func TestTakeTakesAllThatThereIs(t *testing.T) {
	for _, c := range []struct {
		total  uint
		shards int
		max    uint
		want   uint
	}{{0, 4, 3, 0}, {7, 4, 0, 0}, {7, 4, 5, 5}, {7, 4, 7, 7}, {7, 4, ^uint(0), 7}, {64, 8, 63, 63}} {
		s := NewSlots(c.total, c.shards)
		if got := s.Take(c.max); got != c.want || s.Free() != int64(c.total-c.want) {
			t.Errorf("%+v: took %d, %d free", c, got, s.Free())
		}
	}
}
