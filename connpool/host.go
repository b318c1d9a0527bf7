package connpool

import (
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/slotpool/slotpool/resourcepool"
)

// host is one address of a Pool. It is in the table while something refers to
// it: a Get that found no idle connection, a dial, or an open connection.
type host struct {
	hash             uint64
	next             atomic.Pointer[host] // in its bucket
	network, address string
	pool             *pool
	group            *resourcepool.Group
	references       atomic.Int64 // removed for the table once it is gone

	mu     sync.Mutex
	open   []*member     // whose connection is open, in no order
	gets   set[*getting] // that found no idle connection and are not served yet
	dials  set[*dialing] // that are running
	failed failure       // of the last dials

	failingAt int // in the table's failing hosts, from 1; guarded by the shard's lock
}

// set is small: one of it lives in each host, and mostly empty.
type set[T comparable] []T

func (s *set[T]) add(x T) { *s = append(*s, x) }

func (s *set[T]) remove(x T) {
	i, last := slices.Index(*s, x), len(*s)-1
	var none T
	(*s)[i], (*s)[last] = (*s)[last], none
	*s = (*s)[:last]
}

// removed is a number of references that no host in use can have.
const removed = math.MinInt64

// newHost has one reference, the caller's. The strings are copies: they may be
// parts of something large that would be kept alive with them.
func newHost(p *pool, hash uint64, network, address string) *host {
	h := &host{hash: hash, network: strings.Clone(network), address: strings.Clone(address), pool: p}
	h.references.Store(1)
	h.group = p.slots.NewGroup(h.address, uint(p.settings.MaxPerAddress), func() resourcepool.AllocateReleaser {
		return &member{host: h, special: p.special}
	})
	if p.waiting != nil {
		h.group.LimitWaiting(p.waiting)
	}
	return h
}

// refer takes a reference. It fails if the host was removed, and then there
// may be another in the table.
func (h *host) refer() bool {
	for {
		n := h.references.Load()
		if n < 0 {
			return false
		}
		if h.references.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// unrefer gives a reference up; the last one takes the host off the table.
func (h *host) unrefer() {
	if h.references.Add(-1) == 0 {
		h.pool.hosts.remove(h)
	}
}
