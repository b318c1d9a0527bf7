package evict

import (
	"math"
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
// An eviction counts only once it is decided: when its resource is gotten again, or,
// by and by, if it is not. Else whoever was followed since a moment ago would look good, as
// none of its victims had the time to come back.
//
// Of one that is followed seldom little is known, so each is taken to be usual
// until its own evictions say otherwise.
//
// Time is counted in evictions, but how soon is soon in Gets (see pace.go).
type scoreboard struct {
	best atomic.Uint32 // the expert to follow

	lock   sync.Mutex // only ever tried
	scores [experts]score
	usual  float64 // the mean regret before the latest scores came in
	merged uint64  // evictions, since the scores faded last
}

// score is what is known of an expert.
type score struct {
	open      float64 // evictions that are not decided yet
	evictions float64 // that are
	regret    float64
}

// report is what a list has seen of an expert since it told the scoreboard.
type report struct {
	evictions uint64
	returned  uint64 // as many as these are decided
	regret    uint64
}

// scorer collects the scores of one list, whose lock guards it.
type scorer struct {
	clock   uint64          // evictions
	due     uint64          // when tick has something to do
	draws   uint64          // choices of an expert
	pending [experts]report // not yet merged into the board
}

const (
	mergeEvery   = 16     // evictions of a list
	exploreOneIn = 256    // evictions, for each expert
	drawsApart   = 7919   // of two lists, so that not all explore the same at once
	firstDraw    = 104729 // any number: with another one other pairs of bench/eviction do well
	minTerm      = 64
	doubted      = 32 // evictions as usual, which each expert's own are added to
	openFor      = 1  // evictions a slot, on average, if nothing returns

	// least-recent fills the pool with what never returns, and then looks good,
	// as its victims never return.
	leastRecentRegret = 4

	// The filters give slots to what has just come, so that less is used of what
	// they keep. That is no eviction's fault, and no regret tells it. They are charged
	// one in so many more.
	filterRegret = 8
)

// inDoubt has the experts in the order in which they are tried while nothing is known. The second
// is seldom far from the best.
var inDoubt = [...]expert{duel, filterRecent, filter, leastRecent}

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
		s.beginEra()
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
		switch e {
		case leastRecent:
			regret *= leastRecentRegret
		case filter, filterRecent:
			regret += regret / filterRegret
		}
		if term := size*2 + minTerm; age >= term {
			regret >>= min(age/term, 63) // about as often as its eviction has faded
		}
		s.pending[e].regret += regret
		s.pending[e].returned++
	}
	return age <= size*3/4
}

// merge adds the scores of a list, clears them, and compares. Old scores
// fade before that, so that who is best now is so by the scores that Rules shows.
func (b *scoreboard) merge(pending *[experts]report, slots uint64) {
	if b.merged >= slots*2+minTerm {
		b.fade()
	}
	b.usual = b.mean()
	decided := min(1, mergeEvery/(openFor*float64(slots)))
	for e := duel; e < experts; e++ {
		b.merged += pending[e].evictions
		b.scores[e].add(pending[e], decided)
		pending[e] = report{}
	}
	best, least := none, math.Inf(1)
	for _, e := range inDoubt {
		if rate := b.scores[e].rate(b.usual); rate < least {
			best, least = e, rate
		}
	}
	b.best.Store(uint32(best))
}

// mean is the regret of one eviction, whoever's.
func (b *scoreboard) mean() float64 {
	var all score
	for _, s := range b.scores {
		all.evictions += s.evictions
		all.regret += s.regret
	}
	return all.regret / (all.evictions + 1)
}

func (b *scoreboard) fade() {
	b.merged = 0
	for e := range b.scores {
		b.scores[e].evictions /= 2
		b.scores[e].regret /= 2
	}
}

// add adds what a list has seen. Of what is open still, that part is decided now. What
// returns after it was decided counts in place of another.
func (s *score) add(r report, part float64) {
	s.open += float64(r.evictions)
	returned := min(float64(r.returned), s.open)
	s.open -= returned
	decided := s.open * part
	s.open -= decided
	s.evictions += returned + decided
	s.regret += float64(r.regret)
}

// rate is the regret of one eviction, drawn to the usual one the more the fewer
// there were. One that has none yet is a little better than usual, so it is tried.
func (s *score) rate(usual float64) float64 {
	return (s.regret + doubted*usual) / (s.evictions + doubted + 1)
}
