package resourcepool

import (
	"sync"
	"sync/atomic"
)

// scoreboard decides which expert a pool follows. It scores an expert by what
// became of the resources it evicted: one that is soon gotten again, and so
// has to be allocated again, is regretted, the more the sooner. The resource
// itself remembers who evicted it and when, so there is no list of the evicted.
//
// The one followed is the one whose evictions were regretted least. Each
// expert is also followed once in a while at random, so that what is known of
// it stays fresh. Old scores fade, by half each term.
//
// Time is counted in evictions.
type scoreboard struct {
	best atomic.Uint32 // the expert to follow

	lock   sync.Mutex // only ever tried
	scores [experts]score
	merged uint64 // evictions, since the scores faded last
	term   uint64
}

type score struct{ evictions, regret uint64 }

// scorer collects the scores of one shard, whose lock guards it.
type scorer struct {
	clock   uint64 // evictions
	draws   uint64 // choices of an expert
	soon    uint64 // a redial after this time is half as bad as at once, to the 4th power
	term    uint64
	pending [experts]score // not yet merged into the board
	board   *scoreboard
}

const (
	mergeEvery   = 16  // evictions of a shard
	exploreOneIn = 128 // evictions, for each expert
	minTerm      = 64
)

// record is what an evicted resource remembers. It belongs to whoever evicts or
// opens the resource.
type record struct {
	evictedAt uint32 // the shard's clock, modulo 2^32
	evictedBy expert
	takenBy   uint8 // the shard that it was evicted for, from 1, if another; else 0
}

func (b *scoreboard) init(slots uint64) {
	b.best.Store(uint32(sieve))
	b.term = slots*2 + minTerm
}

func (c *scorer) init(slots uint64, b *scoreboard) {
	c.soon = slots/2 + 1
	c.term = slots*2 + minTerm
	c.board = b
}

// choose names the expert to follow in the shard's next eviction.
func (c *scorer) choose() expert {
	// The upper bits of the product pass for random.
	c.draws++
	draw := expert(c.draws * 0x9E3779B97F4A7C15 >> 32 % exploreOneIn)
	if sieve <= draw && draw < experts {
		return draw
	}
	return expert(c.board.best.Load())
}

// evicted records that r goes, by the choice of e. If another shard is merging
// its scores at the moment, this one's are merged a little later.
func (c *scorer) evicted(r *resource, e expert) {
	c.clock++
	r.evictedAt, r.evictedBy = uint32(c.clock), e
	c.pending[e].evictions++
	if c.clock%mergeEvery == 0 && c.board.lock.TryLock() {
		c.board.merge(&c.pending)
		c.board.lock.Unlock()
	}
}

// redialled is told of each resource that is to be allocated.
func (c *scorer) redialled(r *resource) {
	e := r.evictedBy
	if e == noExpert {
		return
	}
	r.evictedBy = noExpert
	age := uint64(uint32(c.clock) - r.evictedAt)
	if age >= 64*c.soon {
		return // so long that it adds nothing
	}
	near := 64 * c.soon / (c.soon + age) // 64 at once, 32 after soon
	regret := near * near * near * near
	if age >= c.term {
		regret >>= min(age/c.term, 63) // about as often as its eviction has faded
	}
	c.pending[e].regret += regret
}

// merge adds the scores of a shard, clears them, and looks who is best.
func (b *scoreboard) merge(pending *[experts]score) {
	best, least := sieve, ^uint64(0)
	for e := sieve; e < experts; e++ {
		s := &b.scores[e]
		s.evictions += pending[e].evictions
		s.regret += pending[e].regret
		b.merged += pending[e].evictions
		pending[e] = score{}
		if rate := s.regret / (s.evictions + 1); rate < least {
			best, least = e, rate
		}
	}
	b.best.Store(uint32(best))
	if b.merged < b.term {
		return
	}
	b.merged = 0
	for e := range b.scores {
		b.scores[e].evictions /= 2
		b.scores[e].regret /= 2
	}
}
