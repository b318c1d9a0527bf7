package evict

import (
	"sync"
	"sync/atomic"
)

// scoreboard decides which expert a pool follows. It scores an expert by what
// became of the resources it evicted: one that is soon gotten again, and so
// has to be allocated again, is regretted, the more the sooner and the more it
// costs. The resource's own record says who evicted it and when.
//
// The one followed is the one whose evictions were regretted least. Each
// expert is also followed once in a while at random, so that what is known of
// it stays fresh. Old scores fade, by half each term.
//
// Time is counted in evictions, but how soon is soon in Gets (see pace.go).
type scoreboard struct {
	best atomic.Uint32 // the expert to follow

	lock   sync.Mutex // only ever tried
	scores [experts]score
	merged uint64 // evictions, since the scores faded last
}

type score struct{ evictions, regret uint64 }

// scorer collects the scores of one list, whose lock guards it.
type scorer struct {
	clock   uint64         // evictions
	due     uint64         // when tick has something to do
	draws   uint64         // choices of an expert
	pending [experts]score // not yet merged into the board
}

const (
	mergeEvery   = 16  // evictions of a list
	exploreOneIn = 192 // evictions, for each expert
	minTerm      = 64

	// least-recent fills the pool with what never returns, and then looks good,
	// as its victims never return.
	leastRecentRegret = 4
)

func (b *scoreboard) init() { b.best.Store(uint32(duel)) }

// choose names the expert to follow in the list's next eviction.
func (s *List) choose() expert {
	// The upper bits of the product pass for random.
	s.draws++
	draw := uint32(s.draws*0x9E3779B97F4A7C15>>32) % exploreOneIn
	if draw-uint32(duel) < uint32(experts-duel) {
		return expert(draw)
	}
	return expert(s.pool.board.best.Load())
}

// evicted records that n goes, by the choice of e. If another list is merging
// its scores at the moment, this one's are merged a little later.
func (s *List) evicted(n *Node, e expert) {
	s.clock++
	s.walk()
	n.stamp, n.by = uint32(s.clock), e
	if e < experts {
		s.pending[e].evictions++
	}
	if s.clock >= s.due {
		s.tick()
	}
}

// tick does what the clock has come to, and says when it has to be called next.
func (s *List) tick() {
	if s.clock%mergeEvery == 0 {
		s.measurePace(mergeEvery)
		if s.pool.board.lock.TryLock() {
			s.pool.board.merge(&s.pending, s.pool.slots.Load())
			s.pool.board.lock.Unlock()
		}
	}
	if s.clock >= s.eraEnds {
		s.eraEnds = s.clock + s.pool.slots.Load()/eraLists + minEra
		s.pool.nextEra()
	}
	if s.clock >= s.epochEnds {
		s.epochEnds = s.clock + epochs*s.size() + minTerm
		s.epoch++
	}
	s.due = min(s.eraEnds, s.epochEnds, s.clock-s.clock%mergeEvery+mergeEvery)
}

// remembers is told of each resource that is to be allocated. It reports
// whether it was evicted not long ago.
func (s *List) remembers(n *Node) (returned bool) {
	e := n.by
	if e == none {
		return false
	}
	n.by = none
	size := s.size()
	age := uint64(uint32(s.clock) - n.stamp)
	if near := s.nearness(age); near > 0 && e < experts {
		regret := near * near * near * near
		if n.cost != 0 {
			regret = s.dear(n, regret)
		}
		if e == leastRecent {
			regret *= leastRecentRegret
		}
		if term := size*2 + minTerm; age >= term {
			regret >>= min(age/term, 63) // about as often as its eviction has faded
		}
		s.pending[e].regret += regret
	}
	return age <= size*3/4
}

// merge adds the scores of a list, clears them, and looks who is best. Old scores
// fade before that, so that who is best now is so by the scores that Rules shows.
func (b *scoreboard) merge(pending *[experts]score, slots uint64) {
	if b.merged >= slots*2+minTerm {
		b.fade()
	}
	best, least := duel, ^uint64(0)
	for e := duel; e < experts; e++ {
		s := &b.scores[e]
		s.evictions += pending[e].evictions
		s.regret += pending[e].regret
		b.merged += pending[e].evictions
		pending[e] = score{}
		if rate := s.rate(); rate < least {
			best, least = e, rate
		}
	}
	b.best.Store(uint32(best))
}

func (b *scoreboard) fade() {
	b.merged = 0
	for e := range b.scores {
		b.scores[e].evictions /= 2
		b.scores[e].regret /= 2
	}
}

// rate is the regret of one eviction.
func (s *score) rate() uint64 { return s.regret / (s.evictions + 1) }
