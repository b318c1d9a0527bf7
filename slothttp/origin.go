package slothttp

import (
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// key is all that makes connections unequal.
type key struct {
	scheme  string
	address string // host:port; "" for http by way of an HTTP proxy, which serves any
	proxy   string
	onlyH1  bool
}

func (k key) String() string { return k.scheme + " " + k.address + " " + k.proxy }

// origin is where connections of one kind lead.
type origin struct {
	state   *state
	key     key
	address string   // host:port
	proxy   *url.URL // nil for none
	group   *resourcepool.Group

	users  atomic.Int32 // requests that look for a connection here
	links  atomic.Int32 // connections that exist or are being opened
	speaks atomic.Int32

	// What is below is for HTTP/2.
	waiting  atomic.Int32 // how many are in queue
	mu       sync.Mutex
	shared   []*link // in use, the newest last
	queue    []*waiter
	opening  bool // one of the queue is getting a connection from group
	later    bool // serve will be called by a timer
	watching bool // watch runs

	openings  []*link
	abandoned bool // endAbandoned will be called by a timer
}

// What an origin speaks, as far as is known from its last connection.
const (
	unknown int32 = iota
	one           // HTTP/1
	many          // HTTP/2
)

func (s *state) newOrigin(k key, address string, proxy *url.URL) *origin {
	o := &origin{state: s, key: k, address: address, proxy: proxy}
	o.group = s.slots.NewGroup(k.String(), s.most, func() resourcepool.AllocateReleaser { return &member{origin: o} })
	index := plain
	if k.scheme == "https" {
		index = overTLS
	}
	if k.onlyH1 || !s.shares[index] && (k.proxy == "" || !s.shares[overTLS]) {
		o.speaks.Store(one)
	}
	return o
}

// leastBound is how many origins are kept at least.
const leastBound = 4096

// origin returns that of k, with the caller counted among its users.
func (s *state) origin(k key, address string, proxy *url.URL) *origin {
	s.mu.RLock()
	o := s.origins.get(&k)
	if o != nil {
		o.users.Add(1) // under the lock: trim takes origins without users
	}
	s.mu.RUnlock()
	if o != nil {
		return o
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if o = s.origins.get(&k); o == nil {
		if s.origins.len() >= s.bound {
			s.trim()
		}
		o = s.newOrigin(k, address, proxy)
		s.origins.add(o)
	}
	o.users.Add(1)
	return o
}

// trim drops origins that have neither connections nor users, so that what is
// kept stays within a few times the number of slots. Which ones it meets first
// is up to the map: whatever is used has a connection, or had one lately.
func (s *state) trim() {
	s.bound = max(leastBound, 8*int(s.slots.Stats().Max))
	for o := range s.origins.each {
		if s.origins.len() <= s.bound/2 {
			return
		}
		if o.users.Load() == 0 && o.links.Load() == 0 {
			s.origins.remove(o)
		}
	}
	s.bound = max(s.bound, 2*s.origins.len())
}

// remember and forget keep account of the dials under way.
func (o *origin) remember(l *link) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l.place = len(o.openings)
	o.openings = append(o.openings, l)
}

func (o *origin) forget(l *link) {
	o.mu.Lock()
	defer o.mu.Unlock()
	last := len(o.openings) - 1
	o.openings[l.place] = o.openings[last]
	o.openings[l.place].place = l.place
	o.openings[last] = nil
	if o.openings = o.openings[:last]; last == 0 {
		o.openings = nil // most origins have none most of the time
	}
	l.cancel = nil // nor is the context needed any more
}

// abandonedPatience is how long a dial goes on when all who waited for it have
// given up. It may be about to succeed, and the next request has use for it. But
// hosts that are dead shall not have slots for as long as a dial may take.
const abandonedPatience = time.Second

// abandon is called by a request that got no connection, while it is still among
// the users.
func (o *origin) abandon() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.openings) > 0 && !o.abandoned {
		o.abandoned = true
		time.AfterFunc(abandonedPatience, o.endAbandoned)
	}
}

// endAbandoned ends dials that nobody waits for. A request that joins one in that
// moment dials anew: see obtain.
func (o *origin) endAbandoned() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.abandoned = false
	if o.users.Load() == 0 {
		for _, l := range o.openings {
			l.cancel()
		}
	}
}

// closeIdle closes what is idle, and ends dials that nobody waits for.
func (o *origin) closeIdle() {
	o.endAbandoned()
	for r := o.group.TryGet(); r != nil; r = o.group.TryGet() {
		_, _ = r.ReleaseGeneration(bind(r).generation)
	}
}

// sweep looks at all that is idle and releases what is closed or doomed.
func (o *origin) sweep() {
	var kept []*link
	for r := o.group.TryGet(); r != nil; r = o.group.TryGet() {
		l := bind(r)
		if l.isClosed() || l.doomed.Load() {
			_, _ = r.ReleaseGeneration(l.generation)
		} else {
			kept = append(kept, l)
		}
	}
	for len(kept) > 0 { // the newest was gotten first and is put last
		kept[len(kept)-1].putBack()
		kept = kept[:len(kept)-1]
	}
}
