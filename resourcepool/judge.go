package resourcepool

import (
	"sync"
	"sync/atomic"
)

// court decides which expert a pool follows. It judges an expert by what
// became of the resources it evicted: one that is soon gotten again, and so
// has to be allocated again, was a bad choice, the worse the sooner. The
// resource itself remembers who evicted it and when, so there is no list of
// the evicted.
//
// The one followed is the one whose evictions were regretted least. Each
// expert is also followed once in a while at random, so that what is known of
// it stays fresh. Old cases fade, by half each term.
//
// Time is counted in evictions.
type court struct {
	best atomic.Uint32 // the expert to follow

	lock  sync.Mutex // only ever tried
	cases [experts]verdicts
	heard uint64 // evictions, since the cases faded last
	term  uint64
}

type verdicts struct{ evictions, regret uint64 }

// clerk takes down what happens among the residents of one shard, whose lock
// guards it.
type clerk struct {
	clock uint64 // evictions
	soon  uint64 // a redial after this time is half as bad as at once, to the 4th power
	term  uint64
	cases [experts]verdicts // that the court has not heard yet
	court *court
}

const (
	hearEvery    = 16  // evictions of a shard
	exploreOneIn = 128 // evictions, for each expert
	minTerm      = 64
)

// record is what an evicted resource remembers.
type record struct {
	evictedAt uint32 // the shard's clock, modulo 2^32
	evictedBy expert
}

func (c *court) init(slots uint64) {
	c.best.Store(uint32(sieve))
	c.term = slots*2 + minTerm
}

func (k *clerk) init(slots uint64, c *court) {
	k.soon = slots/2 + 1
	k.term = slots*2 + minTerm
	k.court = c
}

// choose names the expert to follow in the shard's next eviction.
func (k *clerk) choose() expert {
	// The upper bits of the product pass for random.
	draw := expert(k.clock * 0x9E3779B97F4A7C15 >> 32 % exploreOneIn)
	if sieve <= draw && draw < experts {
		return draw
	}
	return expert(k.court.best.Load())
}

// evicted records that r goes, by the choice of e. If another shard is in
// court at the moment, this one's cases are heard a little later.
func (k *clerk) evicted(r *resource, e expert) {
	k.clock++
	r.record = record{evictedAt: uint32(k.clock), evictedBy: e}
	k.cases[e].evictions++
	if k.clock%hearEvery == 0 && k.court.lock.TryLock() {
		k.court.hear(&k.cases)
		k.court.lock.Unlock()
	}
}

// redialled is told of each resource that is to be allocated.
func (k *clerk) redialled(r *resource) {
	e := r.evictedBy
	if e == noExpert {
		return
	}
	r.evictedBy = noExpert
	age := uint64(uint32(k.clock) - r.evictedAt)
	near := 64 * k.soon / (k.soon + age) // 64 at once, 32 after soon
	regret := near * near * near * near
	if age >= k.term {
		regret >>= min(age/k.term, 63) // about as often as its case has faded
	}
	k.cases[e].regret += regret
}

func (c *court) hear(cases *[experts]verdicts) {
	best, least := sieve, ^uint64(0)
	for e := sieve; e < experts; e++ {
		v := &c.cases[e]
		v.evictions += cases[e].evictions
		v.regret += cases[e].regret
		c.heard += cases[e].evictions
		cases[e] = verdicts{}
		if rate := v.regret / (v.evictions + 1); rate < least {
			best, least = e, rate
		}
	}
	c.best.Store(uint32(best))
	if c.heard < c.term {
		return
	}
	c.heard = 0
	for e := range c.cases {
		c.cases[e].evictions /= 2
		c.cases[e].regret /= 2
	}
}
