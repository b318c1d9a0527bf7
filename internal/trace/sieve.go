package trace

// sieve keeps addresses in the order of their arrival. A hand moves from old
// to new: it spares what was used since it last came by, and evicts the first
// that was not.
type sieve struct {
	queue   *list
	visited []bool
	hand    uint32
	held    func(uint32) bool
}

// NewSieve makes the SIEVE rule (Zhang et al., NSDI 2024).
func NewSieve(t *Trace, held func(uint32) bool) Rule {
	q := newList(t.Addresses)
	return &sieve{queue: q, visited: make([]bool, t.Addresses), hand: q.anchor, held: held}
}

func (s *sieve) Hit(a uint32)    { s.visited[a] = true }
func (s *sieve) Put(uint32)      {}
func (s *sieve) Insert(a uint32) { s.queue.pushNewest(a) }

func (s *sieve) Victim(uint32) uint32 {
	for {
		at := s.hand
		if at == s.queue.anchor {
			at = s.queue.oldest()
		}
		s.hand = s.queue.newer[at]
		if s.held(at) {
			continue
		}
		if !s.visited[at] {
			s.queue.remove(at)
			return at
		}
		s.visited[at] = false
	}
}
