package resourcepool

import "sync/atomic"

// loans are the victims that were chosen for a pool above their own. Until such a
// victim's Release has ended, its slot of its own pool is with somebody who is no
// user of that pool. An immediate Get there must not be refused for it, so a
// loan counts as a Release that has begun (I8).
type loans struct {
	count   atomic.Int64
	numbers map[*resource]uint64 // of the orphan that each counts as; guarded by waitLock
}

// lend is told of each victim and for which pool it was chosen. waitLock is held.
func (p *pool) lend(victim *resource, level *pool) {
	if victim.pool == level {
		return
	}
	l := &p.loans
	if l.numbers == nil {
		l.numbers = map[*resource]uint64{}
	}
	l.numbers[victim] = p.orphans.begin()
	l.count.Add(1)
}

// takeLoan returns the number of the loan of r, 0 for none. It is asked before r
// is anybody's, as it may then be lent again; endLoan follows when the slot
// is free, or r idle. Who has a lent resource has been told so by way of waitLock,
// and so sees the count.
func (p *pool) takeLoan(r *resource) (number uint64) {
	if p.parent == nil || p.loans.count.Load() == 0 {
		return 0
	}
	return p.loans.take(r)
}

func (l *loans) take(r *resource) (number uint64) {
	r.pool.waitLock.Lock()
	defer r.pool.waitLock.Unlock()
	if number = l.numbers[r]; number != 0 {
		delete(l.numbers, r)
		l.count.Add(-1)
	}
	return number
}

func (p *pool) endLoan(number uint64) {
	if number != 0 {
		p.endLoanOf(number)
	}
}

func (p *pool) endLoanOf(number uint64) {
	p.waitLock.Lock()
	p.endOrphan(number)
	p.waitLock.Unlock()
}
