package connpool

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/sys/cpu"

	"github.com/slotpool/slotpool/internal/shard"
)

// tableShards is how many addresses can come and go at once.
const tableShards = 64

// hostTable finds the host of an address. A look-up takes no lock and writes
// nothing; what changes the table takes the lock of one shard.
//
// A look-up may miss a host that is there, because its chain is being changed
// under it. It never loops: a host that is unlinked still points along its old
// chain, and a host that is moved points only to hosts moved before it. So a
// miss means nothing until it was confirmed with the lock held, in enter.
//
// Nor does a hit mean that the host is still there. Get against removal: a host
// had no connection when it was removed. It gets none after that, as who opens one
// needs a reference first, and refer fails. So the Get of a removed host finds no
// idle connection in its group. It comes to enter, which makes a new host. If the Get was faster and has a connection
// in hand, then that has a reference, and the host is not removed.
type hostTable struct {
	shards [tableShards]tableShard
}

type tableShard struct {
	buckets atomic.Pointer[[]atomic.Pointer[host]] // a power of two; nil at first
	mu      sync.Mutex
	count   int    // hosts in the buckets
	changes uint64 // of what the buckets have
	failing
	_ cpu.CacheLinePad
}

const leastBuckets = 4

func hashOf(network, address string) uint64 {
	h := xxhash.Sum64String(address)
	if network != "tcp" {
		h += xxhash.Sum64String(network)
	}
	return h
}

// shard uses other bits of the hash than the buckets do.
func (t *hostTable) shard(hash uint64) *tableShard { return &t.shards[hash>>58] }

// find returns nil or the host, which may have been removed.
func (t *hostTable) find(hash uint64, network, address string) *host {
	buckets := t.shard(hash).buckets.Load()
	if buckets == nil {
		return nil
	}
	b := *buckets
	for h := b[hash&uint64(len(b)-1)].Load(); h != nil; h = h.next.Load() {
		if h.hash == hash && h.address == address && h.network == network {
			return h
		}
	}
	return nil
}

// enter returns the host of an address, made by make if there is none, with a
// reference for the caller.
func (t *hostTable) enter(hash uint64, network, address string, make func() *host) *host {
	if h := t.find(hash, network, address); h != nil && h.refer() {
		return h
	}
	s := t.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := t.find(hash, network, address); h != nil && h.refer() {
		return h
	}
	// With the lock held a look-up misses nothing, and a host that is linked can
	// be referred to, as remove unlinks it in the critical section in which it
	// forbids that. So there is none.
	h := make()
	s.resize()
	s.link(*s.buckets.Load(), h)
	s.count++
	s.changes++
	return h
}

// remove unlinks a host without references, unless it has some by now or was
// removed before.
func (t *hostTable) remove(h *host) {
	s := t.shard(h.hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !h.references.CompareAndSwap(0, removed) {
		return
	}
	b := *s.buckets.Load()
	at := &b[h.hash&uint64(len(b)-1)]
	for at.Load() != h {
		at = &at.Load().next
	}
	at.Store(h.next.Load())
	s.count--
	s.changes++
	s.resize()
}

func (s *tableShard) link(b []atomic.Pointer[host], h *host) {
	at := &b[h.hash&uint64(len(b)-1)]
	h.next.Store(at.Load())
	at.Store(h)
}

// resize keeps between an eighth of a host and one in a bucket, so that the
// table follows its use in both directions. The lock is held.
func (s *tableShard) resize() {
	old := s.buckets.Load()
	var size int
	switch {
	case old == nil:
		size = leastBuckets
	case s.count >= len(*old):
		size = 2 * len(*old)
	case s.count < len(*old)/8 && len(*old) > leastBuckets:
		size = len(*old) / 2
	default:
		return
	}
	b := make([]atomic.Pointer[host], size)
	if old != nil {
		for i := range *old {
			for h := (*old)[i].Load(); h != nil; {
				next := h.next.Load()
				s.link(b, h)
				h = next
			}
		}
	}
	s.buckets.Store(&b)
}

// all yields each host that stays meanwhile, once.
func (t *hostTable) all(yield func(*host) bool) {
	for hosts := range t.batches {
		for _, h := range hosts {
			if !yield(h) {
				return
			}
		}
	}
}

// batches yields the hosts of all, some at a time and with no lock held. By then a host may
// be removed, and then it has nothing any more.
//
// A walk over a million hosts may not keep a processor from who becomes ready behind it.
func (t *hostTable) batches(yield func([]*host) bool) {
	var hosts []*host
	var turns shard.Turns
	met := 0
	for i := range t.shards {
		for from, more := uint64(0), true; more; {
			hosts, from, more = t.shards[i].some(hosts[:0], from)
			if len(hosts) > 0 && !yield(hosts) {
				return
			}
			if met += len(hosts); met >= mostBuckets {
				met = 0
				turns.Pass()
			}
		}
	}
}

// mostBuckets is how many buckets a walk looks at in a step.
const mostBuckets = 32

// some appends the hosts of some buckets. A walk begins from 0, and goes on from next while
// there are more.
//
// It holds the lock for an instant, to see that nothing was changed while it walked without: to
// fetch so many hosts takes some microseconds, and who is stopped by the system in one of
// these would keep the lock from who makes a host for milliseconds. A step that goes wrong twice is
// made with the lock.
func (s *tableShard) some(to []*host, from uint64) (hosts []*host, next uint64, more bool) {
	for range 2 {
		changes := s.changed()
		hosts, next, more = s.walk(to, from)
		if s.changed() == changes {
			return hosts, next, more
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.walk(to, from)
}

func (s *tableShard) changed() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changes
}

// walk is a step of a walk. It is right only if nothing is changed meanwhile, but it ends anyway,
// as a look-up does.
//
// It is in the order of the reversed hashes. In this order a bucket is an interval, and
// stays one or two, or becomes part of one, when the table is resized. So no host that stays
// is missed, or met twice.
func (s *tableShard) walk(to []*host, from uint64) (hosts []*host, next uint64, more bool) {
	buckets := s.buckets.Load()
	if buckets == nil {
		return to, 0, false
	}
	b := *buckets
	width := uint64(1) << (64 - bits.Len(uint(len(b)-1))) // of the interval of a bucket
	for range mostBuckets {
		for h := b[bits.Reverse64(from)&uint64(len(b)-1)].Load(); h != nil; h = h.next.Load() {
			if bits.Reverse64(h.hash) >= from {
				to = append(to, h)
			}
		}
		if from = from&-width + width; from == 0 {
			return to, 0, false
		}
	}
	return to, from, true
}

func (t *hostTable) len() (n int) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		n += s.count
		s.mu.Unlock()
	}
	return n
}
