package resourcepool

import "sync/atomic"

// shortage calls those who can give up slots of resources in use, when somebody has
// to wait for one. Each has one call at a time; one that is due meanwhile
// follows it.
type shortage struct {
	relief func()
	state  atomic.Uint32
}

const (
	shortageOver uint32 = iota
	shortageCalled
	shortageAgain // called, and due again
)

func (p *pool) onShortage(relief func()) (stop func()) {
	s := &shortage{relief: relief}
	p.waitLock.Lock()
	p.shortages = append(p.shortages, s)
	p.waitLock.Unlock()
	return func() {
		p.waitLock.Lock()
		defer p.waitLock.Unlock()
		kept := p.shortages[:0:0]
		for _, x := range p.shortages {
			if x != s {
				kept = append(kept, x)
			}
		}
		p.shortages = kept
	}
}

// shortOf is slotWaiters less the debts that count as one.
func (p *pool) shortOf() uint {
	p.waitLock.Lock()
	defer p.waitLock.Unlock()
	n := p.slotWaiters.Load()
	for q := p; q != nil; q = q.parent {
		if q.size.debt != 0 {
			n--
		}
	}
	return uint(max(n, 0))
}

// cryForSlots tells all that hold slots of p that somebody waits for one. waitLock is held.
func (p *pool) cryForSlots() {
	for _, q := range p.tree.Load().pools {
		for _, s := range q.shortages {
			s.call()
		}
	}
}

// call starts a call, or makes one that runs be followed by another.
func (s *shortage) call() {
	for {
		switch state := s.state.Load(); state {
		case shortageOver:
			if s.state.CompareAndSwap(state, shortageCalled) {
				go s.run()
				return
			}
		case shortageCalled:
			if s.state.CompareAndSwap(state, shortageAgain) {
				return
			}
		default:
			return
		}
	}
}

func (s *shortage) run() {
	for {
		s.relief()
		if s.state.CompareAndSwap(shortageCalled, shortageOver) {
			return
		}
		s.state.Store(shortageCalled)
	}
}
