package trace

// s3fifo has three queues in order of arrival: small takes what is new, main
// what was used more than once while in small or came back soon, and ghost
// remembers what small evicted.
type s3fifo struct {
	small, main, ghost *list
	where              []queueName
	uses               []uint8 // since arrival in the queue, up to maxUses
	smallShare         int
	ghostShare         int
	held               func(uint32) bool
}

type queueName uint8

const (
	nowhere queueName = iota
	inSmall
	inMain
	inGhost
)

const maxUses = 3

// NewS3FIFO makes the S3-FIFO rule (Yang et al., SOSP 2023) with a tenth of
// the slots for the small queue.
func NewS3FIFO(t *Trace, held func(uint32) bool) Rule {
	small := max(1, t.Slots/10)
	return &s3fifo{
		small: newList(t.Addresses), main: newList(t.Addresses), ghost: newList(t.Addresses),
		where: make([]queueName, t.Addresses), uses: make([]uint8, t.Addresses),
		smallShare: small, ghostShare: t.Slots - small, held: held,
	}
}

func (s *s3fifo) Hit(a uint32) { s.uses[a] = min(s.uses[a]+1, maxUses) }
func (s *s3fifo) Put(uint32)   {}

func (s *s3fifo) Insert(a uint32) {
	s.uses[a] = 0
	if s.where[a] == inGhost {
		s.ghost.remove(a)
		s.where[a] = inMain
		s.main.pushNewest(a)
		return
	}
	s.where[a] = inSmall
	s.small.pushNewest(a)
}

func (s *s3fifo) Victim(uint32) uint32 {
	// Two rounds, as all of the queue looked at first may be held.
	for {
		if s.small.len >= s.smallShare || s.main.len == 0 {
			if victim, ok := s.fromSmall(); ok {
				return victim
			}
		}
		if victim, ok := s.fromMain(); ok {
			return victim
		}
		if victim, ok := s.fromSmall(); ok {
			return victim
		}
	}
}

// fromSmall evicts the oldest idle address of small that was used at most
// once, and moves the others it meets to main.
func (s *s3fifo) fromSmall() (victim uint32, ok bool) {
	for range s.small.len {
		a := s.small.oldest()
		s.small.remove(a)
		switch {
		case s.uses[a] > 1:
			s.uses[a] = 0
			s.where[a] = inMain
			s.main.pushNewest(a)
			if s.main.len > s.ghostShare {
				if victim, ok := s.fromMain(); ok {
					return victim, true
				}
			}
		case s.held(a):
			s.small.pushNewest(a)
		default:
			s.remember(a)
			return a, true
		}
	}
	return 0, false
}

// fromMain evicts the oldest idle address of main with no use left, and takes
// a use off each it meets.
func (s *s3fifo) fromMain() (victim uint32, ok bool) {
	for range s.main.len * (maxUses + 1) {
		a := s.main.oldest()
		s.main.remove(a)
		if s.uses[a] == 0 && !s.held(a) {
			s.where[a] = nowhere
			return a, true
		}
		if s.uses[a] > 0 {
			s.uses[a]--
		}
		s.main.pushNewest(a)
	}
	return 0, false
}

func (s *s3fifo) remember(a uint32) {
	s.where[a] = inGhost
	s.ghost.pushNewest(a)
	if s.ghost.len > s.ghostShare {
		oldest := s.ghost.oldest()
		s.ghost.remove(oldest)
		s.where[oldest] = nowhere
	}
}
