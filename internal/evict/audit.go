package evict

import "fmt"

// This file is for tests: of this package, and of the pool that stands on it.

// Experts returns how many experts there are, and Prefer makes the pool follow
// one of them, from 0, until its scores say otherwise.
func Experts() int                { return int(experts - duel) }
func (p *Lists) Prefer(which int) { p.board.best.Store(uint32(duel) + uint32(which)) }

// Place says where n is: "", "busy", "probation" or "main".
func (n *Node) Place() string {
	return [...]string{nowhere: "", busy: "busy", probation: "probation", main: "main"}[n.place]
}

// AuditMark returns an error if n is a candidate without the mark that says so (E5). It
// may be called between any two steps of others; while the list is locked it is nil.
func (p *Lists) AuditMark(n *Node) error {
	s := p.listOf(n)
	if !s.lock.TryLock() {
		return nil
	}
	defer s.lock.Unlock()
	if w := n.W.Load(); (n.place == probation || n.place == main) && w&Listed == 0 {
		return fmt.Errorf("a candidate in %s is not marked listed (%x)", n.Place(), w)
	}
	return nil
}

// Candidates returns how many a search may have to look at.
func (p *Lists) Candidates() (n int) {
	for _, s := range *p.all.Load() {
		s.lock.Lock()
		for _, c := range [...]*chain{&s.probation, &s.main} {
			for at := c.oldest; at != nil; at = at.links[byArrival].next {
				n++
			}
		}
		s.lock.Unlock()
	}
	return n
}

// Audit moves all that were parked to where they belong, and returns an error if
// a list is not what it should be (E4), or has others than those in all.
func (p *Lists) Audit(all map[*Node]bool) error {
	found := 0
	for _, s := range *p.all.Load() {
		s.lock.Lock()
		n, err := s.audit(all)
		s.lock.Unlock()
		if err != nil {
			return fmt.Errorf("list %d: %w", s.number, err)
		}
		found += n
	}
	for n := range all {
		if n.place != nowhere {
			found--
		}
	}
	if found != 0 {
		return fmt.Errorf("%d more nodes are on lists than say so", found)
	}
	return nil
}

func (s *List) audit(all map[*Node]bool) (found int, err error) {
	for s.drain(); !s.undrained.Empty(); {
		s.drain()
	}
	lengths := map[place]int{}
	for where, c := range map[place]*chain{busy: &s.busy, probation: &s.probation, main: &s.main} {
		hand, walker := s.hand == nil || where != main, s.walker == nil || where != main
		for n, prev := c.oldest, (*Node)(nil); n != nil; n, prev = n.links[byArrival].next, n {
			if !all[n] || n.place != where || n.number != s.number || n.links[byArrival].prev != prev {
				return 0, fmt.Errorf("a node of place %d, list %d is in place %d", n.place, n.number, where)
			}
			hand, walker = hand || n == s.hand, walker || n == s.walker
			lengths[where]++
		}
		if !hand || !walker {
			return 0, fmt.Errorf("the hand or the walker is not in main")
		}
	}
	dated := 0
	for _, c := range s.eras.lists {
		for n := c.oldest; n != nil; n = n.links[byEra].next {
			if n.place != main {
				return 0, fmt.Errorf("a node of place %d has an era among those of main", n.place)
			}
			dated++
		}
	}
	if dated != lengths[main] {
		return 0, fmt.Errorf("main has %d by era, %d by arrival", dated, lengths[main])
	}
	found = lengths[busy] + lengths[probation] + lengths[main]
	if found != s.residents || lengths[probation] != s.waiting {
		return 0, fmt.Errorf("%d residents, counted %d; probation has %d, counted %d",
			found, s.residents, lengths[probation], s.waiting)
	}
	return found, nil
}
