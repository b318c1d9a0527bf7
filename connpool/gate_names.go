package connpool

import (
	"sync"
	"time"
)

// slowNames remembers the names whose last look-up timed out, for 30 to 60
// seconds, or less if there are very many of them. It has two generations of a
// bounded number of names. A name costs nothing once it is forgotten.
type slowNames struct {
	lock       sync.Mutex
	since      time.Time
	young, old map[string]struct{}
}

const (
	slowNamesFor  = 30 * time.Second
	mostSlowNames = 4096 // of a generation
)

// age lets the names grow old. The lock is held.
func (s *slowNames) age(now time.Time) {
	passed := now.Sub(s.since)
	if passed < slowNamesFor && len(s.young) < mostSlowNames {
		return
	}
	s.old, s.young, s.since = s.young, nil, now
	if passed >= 2*slowNamesFor {
		s.old = nil
	}
}

func (s *slowNames) has(name string) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.young == nil && s.old == nil {
		return false
	}
	s.age(time.Now())
	_, young := s.young[name]
	_, old := s.old[name]
	return young || old
}

// set remembers how the last look-up of the name went.
func (s *slowNames) set(name string, slow bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if !slow {
		delete(s.young, name)
		delete(s.old, name)
		return
	}
	s.age(time.Now())
	if s.young == nil {
		s.young = map[string]struct{}{}
	}
	s.young[name] = struct{}{}
}
