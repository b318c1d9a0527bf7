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
// it stays fresh: oftener if it is close to the best, as then it matters who is better,
// and costs little. Of one that is followed seldom little is known, so each is taken
// to be usual until its own evictions say otherwise. Old scores fade, by half each term.
//
// Time is counted in evictions, but how soon is soon in Gets (see pace.go).
type scoreboard struct {
	best  atomic.Uint32 // the expert to follow
	close atomic.Uint32 // a bit for each expert that is close to it

	lock   sync.Mutex // only ever tried
	scores [experts]score
	usual  uint64 // the mean regret before the latest scores came in
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
	mergeEvery   = 16   // evictions of a list
	exploreOneIn = 192  // evictions, for each expert
	drawsApart   = 7919 // of two lists, so that not all explore the same at once
	oftener      = 12   // times, of the close ones
	closeBy      = 2    // times the least regret
	minTerm      = 64
	doubted      = 24 // evictions as usual, which each expert's own are added to

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
	if draw < oftener*uint32(experts-duel) {
		e := duel + expert(draw%uint32(experts-duel))
		if draw < uint32(experts-duel) || s.pool.board.close.Load()>>e&1 != 0 {
			return e
		}
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

// merge adds the scores of a list, clears them, and compares. Old scores
// fade before that, so that who is best now is so by the scores that Rules shows.
func (b *scoreboard) merge(pending *[experts]score, slots uint64) {
	if b.merged >= slots*2+minTerm {
		b.fade()
	}
	b.usual = b.mean()
	for e := duel; e < experts; e++ {
		b.scores[e].add(pending[e])
		b.merged += pending[e].evictions
		pending[e] = score{}
	}
	b.compare()
}

// compare looks who is best, and who is close.
func (b *scoreboard) compare() {
	best, least := duel, ^uint64(0)
	var rates [experts]uint64
	for e := duel; e < experts; e++ {
		rates[e] = b.scores[e].rate(b.usual)
		if rates[e] < least {
			best, least = e, rates[e]
		}
	}
	near := uint32(0)
	for e := duel; e < experts; e++ {
		if rates[e] < closeBy*least {
			near |= 1 << e
		}
	}
	b.best.Store(uint32(best))
	b.close.Store(near)
}

// mean is the regret of one eviction, whoever's.
func (b *scoreboard) mean() uint64 {
	var all score
	for e := duel; e < experts; e++ {
		all.add(b.scores[e])
	}
	return all.regret / (all.evictions + 1)
}

func (s *score) add(more score) {
	s.evictions += more.evictions
	s.regret += more.regret
}

func (b *scoreboard) fade() {
	b.merged = 0
	for e := range b.scores {
		b.scores[e].evictions /= 2
		b.scores[e].regret /= 2
	}
}

// rate is the regret of one eviction, drawn to the usual one the more the fewer
// there were. One that has none yet is a little better than usual, so it is tried.
func (s *score) rate(usual uint64) uint64 {
	return (s.regret + doubted*usual) / (s.evictions + doubted + 1)
}
