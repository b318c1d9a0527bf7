package evict

// Time is cut into eras: an era is as many evictions as a 32nd of the slots, and minEra; while
// the pool is filled for the first time, as many arrivals. A Get writes the era into the state
// word; only a search that meets the resource moves it to the list of that era. Probation needs no such lists: what was used again
// leaves it, so the order of arrival is that of the last Get.
const (
	eraLists = 32
	minEra   = 4 // evictions
)

// eras are the candidates of main by era, the 32 latest.
type eras struct {
	lists [eraLists]chain
	some  uint32 // a bit for each list that may have nodes
}

// beginEra ends the era, for all lists of the pool.
func (s *List) beginEra() {
	s.eraEnds = s.clock + s.pool.anEra()
	s.pool.nextEra()
}

// anEra is how many evictions of one list make an era. Each of several lists has its share of the slots
// and begins eras for all, at another time than the next list.
func (p *Lists) anEra() uint64 { return p.slots.Load()/eraLists + minEra }

// filled is told of each slot that a resident got because it was free. While there are more residents
// than ever, eras go by arrivals too, so that when the pool is full it is known what was gotten
// last. Not later: in a pool that is never full, where one address comes and goes, the number of
// an era would come round before any search has noticed.
func (s *List) filled() {
	if s.residents <= s.most {
		return
	}
	s.most = s.residents
	if s.eraEnds <= s.clock+1 {
		s.beginEra()
		s.advance(eraOf(s.pool.era.Load()))
	} else {
		s.eraEnds--
		s.due = min(s.due, s.eraEnds)
	}
}

// dated puts n, which is in main, on the list of an era.
func (s *List) dated(n *Node, era uint8) {
	n.era = uint16(era)
	at := s.listOf(era)
	s.eras.lists[at].pushNewest(n, byEra)
	s.eras.some |= 1 << at
}

// listOf returns the list of an era, which is the oldest list if the era has
// none any more, and the newest if this list has not heard of the era yet.
func (s *List) listOf(era uint8) uint8 { return (uint8(s.era) - s.ageOf(era)) % eraLists }

// ageOf is how many eras ago one was, as far as there are lists.
func (s *List) ageOf(era uint8) uint8 {
	return min(uint8(max(int8(uint8(s.era)-era), 0)), eraLists-1)
}

// undated takes n off its list, for which it matters which one that is only if
// n is at an end of it. Where it should be is where it is, unless its era was
// unheard of, or is so old that its number has come round.
func (s *List) undated(n *Node) {
	l := &n.links[byEra]
	if l.prev != nil && l.next != nil {
		l.prev.links[byEra].next, l.next.links[byEra].prev = l.next, l.prev
		*l = links{}
		return
	}
	at, lists := s.listOf(uint8(n.era))%eraLists, &s.eras.lists
	for lists[at].oldest != n && lists[at].newest != n {
		at = (at + 1) % eraLists
	}
	lists[at].remove(n, byEra)
}

// advance opens lists up to that of era. The list that each takes over is the
// oldest, whose nodes go before those of the next oldest.
func (s *List) advance(era uint8) {
	for l := &s.eras; int8(era-uint8(s.era)) > 0; {
		s.era++
		from, to := s.era%eraLists, (s.era+1)%eraLists
		if l.some>>from&1 != 0 {
			l.lists[to].prepend(&l.lists[from], byEra)
			l.some = l.some&^(1<<from) | 1<<to
		}
	}
}
