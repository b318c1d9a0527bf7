package connpool

import (
	"sync"
	"time"

	"github.com/slotpool/slotpool/internal/autosize"
	"github.com/slotpool/slotpool/internal/sysnet"
	"github.com/slotpool/slotpool/resourcepool"
)

// sizer lets the size of a pool follow the process: the limit on descriptors,
// which setrlimit(2) and prlimit(1) may change at any time, and what is open
// outside of the pool's slots, its strangers. It looks when something was
// allocated, when somebody waits for a slot, and when the pool is asked for.
//
// The kernel gives a new descriptor the lowest free number, so a number tells,
// for next to nothing, that at least so many are open; with holes below it, more
// are. On a number too high for what was thought the pool shrinks at once. One
// too low, and a Get that waits, have the descriptors counted, once a second at
// most: that is exact and costs more. Only where the system does not tell the
// count does the pool grow by numbers alone, by a slot for each.
//
// What the pool itself has open lies between its slots taken and these less the
// dials in flight, which may have none yet, or with their permits more. Strangers
// are counted only as far as that leaves no doubt, so that a dial does not make
// the size flutter.
type sizer struct {
	pool   *resourcepool.Pool
	slots  autosize.Pool // of pool
	gate   *gate
	every  time.Duration // no two counts within this
	lock   sync.Mutex    // only ever tried: who comes second has nothing to add
	limit  uint64
	others uint64 // open, strangers
	size   uint   // asked for last

	counted time.Time
	blind   bool // the system did not tell

	again again
}

const countEvery = time.Second

// follow begins to size the pool, which is new.
func (s *sizer) follow(pool *resourcepool.Pool) {
	limit, err := sysnet.FDLimit()
	if err != nil {
		return // nothing to follow
	}
	s.pool, s.slots, s.limit = pool, autosize.Of(pool), limit
	s.count(time.Now())
	s.size = pool.Stats().Max // not of this count: what is open may have changed since the pool was made
	s.slots.Watch(s.look)
	pool.OnShortage(func() {
		s.look(nil)
		s.again.arm(s)
	})
}

// look is called with what was allocated. With nil it counts at most.
func (s *sizer) look(allocated any) {
	if s.pool == nil || !s.lock.TryLock() {
		return
	}
	defer s.lock.Unlock()
	limit, err := sysnet.FDLimit()
	if err != nil {
		return
	}
	number, known := s.number(allocated)
	if changed := limit != s.limit; changed || !known {
		s.limit = limit
		s.countSometimes()
	}
	if known {
		s.learn(number)
	}
	s.resize()
}

// number returns how many descriptors are open at the least; false if that is
// not known better than before.
func (s *sizer) number(allocated any) (uint64, bool) {
	if r, ok := allocated.(autosize.Opener); ok {
		if fd, ok := sysnet.NumberOf(r.Opened()); ok {
			return fd + 1, true
		}
	}
	if allocated == nil {
		return 0, false
	}
	n, err := sysnet.FreeFD()
	if noDescriptor(err) {
		return s.limit, true
	}
	return n, err == nil
}

// learn takes in that number descriptors are open at the least.
func (s *sizer) learn(number uint64) {
	least, most := s.strangers(number)
	switch {
	case least > s.others:
		s.others = least
	case most < s.others:
		s.countSometimes()
		if s.blind {
			s.others--
		}
	}
}

// strangers bounds how many of the open descriptors are not of the pool.
func (s *sizer) strangers(open uint64) (least, most uint64) {
	taken := uint64(s.slots.Taken())
	sure := less(taken, uint64(max(s.gate.flying.Load(), 0)))
	return less(open, taken+uint64(s.gate.permits.mostExtra())), less(open, sure)
}

func less(a, b uint64) uint64 { return a - min(a, b) }

// countSometimes counts if the last count is a second old.
func (s *sizer) countSometimes() {
	if now := time.Now(); now.Sub(s.counted) >= s.every {
		s.count(now)
	}
}

func (s *sizer) count(now time.Time) {
	s.counted = now
	n, err := sysnet.OpenFDs()
	open := uint64(n)
	if noDescriptor(err) {
		open, err = s.limit, nil
	}
	if s.blind = err != nil; !s.blind {
		least, most := s.strangers(open)
		s.others = min(max(s.others, least), most)
	}
	s.gate.permits.forgetMost()
}

func (s *sizer) resize() {
	if n := slotsFor(s.limit, s.others); n != s.size {
		s.size = n
		s.slots.Resize(n)
	}
}

// again has the pool looked at once a second while Gets wait for slots, as
// these may come of what the program closes, of which no dial tells. It is a
// timer that ends with the last of them: nothing lasts. If it goes down with a
// testing/synctest bubble it is overdue, and the next Get sets it anew.
type again struct {
	lock sync.Mutex
	due  time.Time
}

func (a *again) arm(s *sizer) {
	a.lock.Lock()
	defer a.lock.Unlock()
	if now := time.Now(); !a.due.After(now) {
		a.due = now.Add(s.every)
		time.AfterFunc(s.every, func() {
			if s.pool.SlotWaiters() > 0 {
				s.look(nil)
				a.arm(s)
			}
		})
	}
}
