package evict

import (
	"sync"

	"github.com/slotpool/slotpool/internal/shard"
)

// A census visits the residents of a list a few at a time, and lets the lock go
// in between. What moves meanwhile may be missed, but nothing is visited twice: a
// node has the number of the census that visited it last.
type census struct {
	census flags // the number of the latest, where it stands in flags
	cursor *Node // the next to visit; nil while no census is under way
}

const (
	oneCensus  flags = 1 << 3
	censusMask       = ^(wasMain | passed | keyed)

	// How many are visited while the lock is held: fewVisited in a list with more
	// than manyResidents. There the same searches meet the census again and again, and that
	// they wait must not show among the slowest in ten thousand. To let the lock go takes
	// longer than to visit thirty, which would show where there are only a thousand: these the
	// processor has at hand.
	mostVisited   = 128
	fewVisited    = 4
	manyResidents = 4096
)

// counting lets one census be under way at a time.
type counting struct{ lock sync.Mutex }

// Totals are of one moment.
type Totals struct {
	Residents uint   // never more than slots
	Evictions uint64 // since Init
	Uses      uint64 // all but those that the words of residents still count
}

// Totals takes the locks of all lists, for a moment however many residents
// there are.
func (p *Lists) Totals() Totals {
	defer p.LetGo()
	return p.Hold()
}

// Hold is Totals that keeps the locks until LetGo, so that the totals of several
// Lists can be of one moment. All who hold several at once take them in one order, and
// Spread is not called meanwhile.
func (p *Lists) Hold() (t Totals) {
	for _, s := range *p.all.Load() {
		s.lock.Lock()
		t.Residents += uint(s.residents)
		t.Evictions += s.evictions
		t.Uses += s.uses
	}
	return t
}

// LetGo ends Hold.
func (p *Lists) LetGo() {
	for _, s := range *p.all.Load() {
		s.lock.Unlock()
	}
}

// Census calls visit with the word of each resident, once, except for those that
// come, go or move between two lists at that time. A few are visited in one hold of
// a lock. One call at a time is under way.
func (p *Lists) Census(visit func(w uint64)) {
	var turns shard.Turns
	p.counting.lock.Lock()
	defer p.counting.lock.Unlock()
	for _, s := range *p.all.Load() {
		s.takeCensus(visit, &turns)
	}
}

func (s *List) takeCensus(visit func(w uint64), turns *shard.Turns) {
	s.lock.Lock()
	s.census.census += oneCensus
	left := 2 * (s.residents + mostVisited) // a bound, as nodes come back at the newest end
	atOnce := mostVisited
	if s.residents > manyResidents {
		atOnce = fewVisited
	}
	s.lock.Unlock()
	for _, c := range [...]*chain{&s.busy, &s.probation, &s.main} {
		s.lock.Lock()
		s.cursor = c.oldest
		for n := 1; s.cursor != nil && left > 0; n, left = n+1, left-1 {
			if n%atOnce == 0 {
				s.lock.Unlock()
				turns.Pass() // or it would have the lock again before who waits for it is awake
				s.lock.Lock()
				if s.cursor == nil {
					break
				}
			}
			at := s.cursor
			if at.flags&censusMask != s.census.census {
				at.flags = at.flags&^censusMask | s.census.census
				visit(at.W.Load())
			}
			s.cursor = at.links[byArrival].next
		}
		s.cursor = nil
		s.lock.Unlock()
	}
}
