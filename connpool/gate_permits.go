package connpool

import (
	"container/list"
	"sync"

	"github.com/slotpool/slotpool/internal/lapse"
)

// permits account for the descriptors that dials have beyond the one of their
// slot. A dial by name has two sockets at once, first to look up A and AAAA and
// then while happy eyeballs race, so it needs a permit beside its slot. The
// permits come out of the reserve, and from slots: a dial that waits for its
// permit has a slot and no descriptor, and lends it to the others meanwhile, if
// it is sure to stay. So with many slots half of them are dialled for at once, and
// not only as many as the reserve has descriptors.
//
// Nobody waits in a circle. Who waits for a permit holds a slot. Who holds a
// permit holds its slot too, and needs no other slot or permit to end. It waits for
// the network and, while there are no descriptors at all, for a bounded time. A
// dialer of a caller may do anything, so it has its permits for a bounded time
// (longestUnseen). A socket that a look-up leaves behind is closed by a deadline
// of package net. So all permits in use come back in time by themselves. Once
// they are all back, the first in the queue fits: no dial needs more than
// leastPermits, and its own lent slot is not counted for it. Who fits is granted
// under the lock by whoever gave back, so no wake-up is lost.
//
// Names whose last look-up timed out may have a quarter of what there is, one
// dial at the least, and queue apart; otherwise it is first come, first served.
type permits struct {
	lock  sync.Mutex
	total uint // out of the reserve
	lent  uint // by waiters who will not leave
	used  uint // by dials
	slow  uint // of these, by names whose last look-up timed out
	stray uint // sockets of look-ups that no dial covers
	peak  uint // see mostExtra

	unseen   *lapse.Queue // of dials of callers, see longestUnseen
	arrivals uint64
	patient  list.List // of *permit: in order of arrival
	lane     list.List // the same for the slow ones
}

// leastPermits is what the dial that needs most does.
const leastPermits = 2

// permit is what one dial has, or waits for. permits.lock guards it.
type permit struct {
	of      *permits // where it is from
	n       uint     // 2 if its sockets cannot be seen
	slow    bool
	lends   bool // its slot, until it is granted
	sockets int  // of its look-up, at most two: the rest are strays
	starved bool // its look-up met EMFILE
	over    bool

	unseen  lapse.Item
	arrival uint64
	granted chan struct{} // closed with the grant; nil if that was at once
	place   *list.Element // nil once granted
}

// setTotal tells how many there are out of the reserve.
func (p *permits) setTotal(n uint) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if n = max(n, leastPermits); n != p.total {
		p.total = n
		p.admit()
	}
}

// enter asks for w and reports whether it was granted at once. If not, wait for
// w.granted, and call leave to stop waiting.
func (p *permits) enter(w *permit) bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	if !w.slow && p.patient.Len()+p.lane.Len() == 0 && p.fits(w) {
		p.use(w)
		return true
	}
	p.arrivals++
	w.arrival = p.arrivals
	w.granted = make(chan struct{})
	w.place = p.queue(w).PushBack(w)
	p.admit()
	return w.place == nil
}

// lend lets the others use the slot of a waiter that will not leave.
func (p *permits) lend(w *permit) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if w.place != nil {
		w.lends = true
		p.lent++
		p.admit()
	}
}

func (p *permits) queue(w *permit) *list.List {
	if w.slow {
		return &p.lane
	}
	return &p.patient
}

// admit grants to all who fit, in order of arrival. A queue behind one who
// does not fit waits, so that who needs two is not passed by those who need
// one. The lock is held.
func (p *permits) admit() {
	for {
		w := p.first()
		if w == nil || !p.fits(w) {
			return
		}
		p.dequeue(w)
		p.use(w)
		close(w.granted)
	}
}

// first is the oldest waiter, but not one of the lane if that is full.
func (p *permits) first() (w *permit) {
	if e := p.patient.Front(); e != nil {
		w = e.Value.(*permit)
	}
	if e := p.lane.Front(); e != nil {
		slow := e.Value.(*permit)
		room := (p.total + p.lent) / 4
		if (w == nil || slow.arrival < w.arrival) && (p.slow == 0 || p.slow+slow.n <= room) {
			w = slow
		}
	}
	return w
}

func (p *permits) fits(w *permit) bool {
	there := p.total + p.lent
	if w.lends {
		there-- // it needs its slot itself
	}
	return p.used+p.stray+w.n <= there
}

func (p *permits) dequeue(w *permit) {
	p.queue(w).Remove(w.place)
	w.place = nil
	if w.lends {
		p.lent--
	}
}

func (p *permits) use(w *permit) {
	p.used += w.n
	if w.slow {
		p.slow += w.n
	}
}

func (p *permits) giveBack(w *permit, n uint) {
	p.peak = max(p.peak, p.used+p.stray)
	w.n -= n
	p.used -= n
	if w.slow {
		p.slow -= n
	}
}

// leave takes a waiter off the queue, or gives back what it has been granted.
//
// Grant against leave: both take the lock, so one is first. If it was the
// grant, w holds permits that nobody uses, and they go to the next.
func (p *permits) leave(w *permit) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if w.place != nil {
		p.dequeue(w)
	} else {
		p.giveBack(w, w.n)
	}
	p.admit()
}

// end is when the dial of w returns. What its look-up has left open are strays
// until they are closed: package net lets one look-up serve several dials, and
// it goes on if that which began it ends first.
func (p *permits) end(w *permit) {
	p.lock.Lock()
	defer p.lock.Unlock()
	w.over = true
	p.stray += uint(w.sockets)
	p.giveBack(w, w.n)
	p.admit()
}

// Lapsed gives the permits of a dial back before it returns. If that has happened in this
// moment, end has left nothing to give back.
func (w *permit) Lapsed() {
	p := w.of
	p.lock.Lock()
	defer p.lock.Unlock()
	p.giveBack(w, w.n)
	p.admit()
}

// opened counts a socket of a look-up that w waits for; nil if the dial is
// unknown, as its context has ended. The result is for closed.
func (p *permits) opened(w *permit) *permit {
	p.lock.Lock()
	defer p.lock.Unlock()
	if w == nil || w.over || w.sockets == 2 {
		p.stray++
		return nil
	}
	w.sockets++
	if w.n > 1 { // so they can be seen
		p.giveBack(w, w.n-1)
		p.admit()
	}
	return w
}

// closed is the end of what opened returned w for.
func (p *permits) closed(w *permit) {
	p.lock.Lock()
	defer p.lock.Unlock()
	switch {
	case w != nil && !w.over:
		w.sockets--
		return
	case w != nil:
		w.sockets--
	}
	p.stray--
	p.admit()
}

// setStarved tells that the look-up of w got no descriptor; hasStarved whether it
// did since the last call.
func (p *permits) setStarved(w *permit) {
	p.lock.Lock()
	defer p.lock.Unlock()
	w.starved = true
}

func (p *permits) hasStarved(w *permit) (starved bool) {
	p.lock.Lock()
	defer p.lock.Unlock()
	starved, w.starved = w.starved, false
	return starved
}

// mostExtra is the most descriptors beyond those of the slots that there may
// have been since forgetMost, which the sizer calls when it counts. The number of
// descriptors now would not do: when the sizer learns of a new descriptor, dials may
// have ended that still ran when it was opened.
func (p *permits) mostExtra() uint {
	p.lock.Lock()
	defer p.lock.Unlock()
	return max(p.peak, p.used+p.stray)
}

func (p *permits) forgetMost() {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.peak = p.used + p.stray
}
