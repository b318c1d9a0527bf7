package resourcepool

import (
	"context"
	"fmt"
)

// batch is what an Acquire has of the slots that it wants. It stands in the slot
// queue until it has all of them, so that nobody behind it takes what it
// lacks, and no two Acquires hold what the other one lacks. waitLock guards it.
//
// Slots are counted for each pool from that of the Acquire to the top of the
// tree: a victim found for an upper pool brings none for those below.
type batch struct {
	want    uint
	pool    *pool
	have    []uint   // of each of these pools, from the bottom up
	victims []victim // not released yet
}

type victim struct {
	resource *resource
	level    *pool
}

func newBatch(p *pool, want uint) *batch {
	b := &batch{want: want, pool: p}
	for q := p; q != nil; q = q.parent {
		b.have = append(b.have, 0)
	}
	return b
}

// at returns the index of a pool in have.
func (b *batch) at(p *pool) (i int) {
	for q := b.pool; q != p; q = q.parent {
		i++
	}
	return i
}

// add counts a slot of p, and reports whether that is all that is wanted of it.
func (b *batch) add(p *pool) (full bool) {
	b.have[b.at(p)]++
	return b.full(p)
}

func (b *batch) full(p *pool) bool { return b.have[b.at(p)] >= b.want }

// addVictim counts the slots of a victim, of p and of the pools above it.
func (b *batch) addVictim(r *resource, p *pool) {
	b.victims = append(b.victims, victim{r, p})
	for i := b.at(p); i < len(b.have); i++ {
		b.have[i]++
	}
}

// acquire takes n slots, or none. A nil cancel never cancels; with try it does
// not wait at all.
func (p *pool) acquire(cancel <-chan struct{}, n uint, try bool) error {
	if n == 0 {
		return nil
	}
	w := &waiter{pool: p, batch: newBatch(p, n), forSlot: true, since: instant(), ready: make(chan struct{}, 1)}
	over := p.queueBatch(w)
	got := false
	defer w.waited()
	defer func() { // also if the Release of a victim panics
		if !got {
			p.abandon(w)
		}
	}()
	if try && !over {
		return ErrorResourceLimitExceeded
	}
	for waits := true; waits; waits = !over { // also if it is over: there may be victims
		if !over && !w.wait(cancel) {
			return ErrorResourceLimitExceeded
		}
		var cancelled bool
		if over, cancelled = w.batch.releaseVictims(w, cancel); cancelled {
			return ErrorResourceLimitExceeded
		}
	}
	if w.grant.kind == grantRefused {
		return w.grant.err
	}
	got = true
	for q := p; q != nil; q = q.parent {
		q.held.Add(int64(n))
	}
	p.acquired.Add(int64(n))
	return nil
}

// queueBatch has the waiter of a batch stand in the slot queue, and reports whether that is
// over already.
func (p *pool) queueBatch(w *waiter) (over bool) {
	p.waitLock.Lock()
	defer p.waitLock.Unlock()
	p.arrive(w)
	switch {
	case p.size.closed:
		w.refuse(ErrPoolClosed)
	case p.tooLarge(w.batch.want):
		w.refuse(ErrorResourceLimitExceeded)
	default:
		p.joinSlotQueue(w)
	}
	return w.queue == nil
}

func (p *pool) acquireContext(ctx context.Context, n uint) error {
	if ctx.Err() != nil {
		return newWaitError(p, ErrorResourceLimitExceeded, ctx)
	}
	err := p.acquire(ctx.Done(), n, false)
	if err == ErrorResourceLimitExceeded && ctx.Err() != nil {
		return newWaitError(p, err, ctx)
	}
	return err
}

// tooLarge reports whether there will never be n slots. waitLock is held.
func (p *pool) tooLarge(n uint) bool {
	for q := p; q != nil; q = q.parent {
		if n > q.size.limit {
			return true
		}
	}
	return false
}

// refuseLarge refuses the Acquires that want more than there will ever be, now that
// there are fewer slots. waitLock is held.
func (p *pool) refuseLarge() {
	for w := p.everyone.first; w != nil; {
		next := w.crowdNext
		if w.batch != nil && w.queue != nil && w.pool.tooLarge(w.batch.want) {
			w.level.dequeueSlotWaiter(w)
			w.refuse(ErrorResourceLimitExceeded)
		}
		w = next
	}
}

// releaseVictims releases those that have been found so far, and reports whether
// the wait is over, and whether cancel ended it. The slots were counted when they were found.
func (b *batch) releaseVictims(w *waiter, cancel <-chan struct{}) (over, cancelled bool) {
	for {
		var v victim
		if v, over = b.nextVictim(w); v.resource == nil {
			return over, false
		}
		if !b.clear(v, cancel) {
			return over, true
		}
	}
}

// clear releases a victim; see resource.clear. False means that cancel spoke first,
// and that the slots will be free when the Release ends.
func (b *batch) clear(v victim, cancel <-chan struct{}) bool {
	if cancel == nil || v.resource.releasesAtOnce() {
		v.release()
		return true
	}
	c := startClearing(v.resource)
	if !c.wait(cancel, func() { b.uncount(v) }) {
		return false
	}
	v.leave()
	if c.panicked != nil {
		panic(c.panicked.value)
	}
	return true
}

// uncount takes the slots of a victim off what the batch has. waitLock is held.
func (b *batch) uncount(v victim) {
	for i := b.at(v.level); i < len(b.have); i++ {
		b.have[i]--
	}
}

func (b *batch) nextVictim(w *waiter) (v victim, over bool) {
	b.pool.waitLock.Lock()
	defer b.pool.waitLock.Unlock()
	if n := len(b.victims); n > 0 {
		v, b.victims = b.victims[n-1], b.victims[:n-1]
	}
	return v, w.queue == nil
}

// release calls Release, and keeps the slots of v.level and above.
func (v victim) release() {
	defer v.leave()
	v.resource.saveError(v.resource.target.Release())
}

// leave ends the residency of a victim, whose slots stay with the Acquire.
func (v victim) leave() {
	v.resource.leave(byEviction)
	v.resource.relinquish(v.level)
}

// abandon gives back all that an Acquire has got: victims that are not released
// yet keep their slots, the others become free.
//
// Grant against cancel: both take waitLock. What was granted before is in have.
func (p *pool) abandon(w *waiter) {
	b := w.batch
	p.waitLock.Lock()
	if w.queue != nil {
		w.level.dequeueSlotWaiter(w)
		p.depart(w)
	}
	victims := b.victims
	for _, v := range victims {
		b.uncount(v)
	}
	for q, i := p, 0; q != nil; q, i = q.parent, i+1 {
		q.free.Add(b.have[i])
	}
	p.matchUpTo(nil)
	p.waitLock.Unlock()
	for _, v := range victims {
		v.resource.unclaim()
	}
}

// freeAcquired gives back n slots of acquire.
func (p *pool) freeAcquired(n uint) {
	for {
		held := p.acquired.Load()
		if uint64(n) > uint64(held) {
			panic(fmt.Sprintf("resourcepool: Free of %d slots, more than the %d that are acquired", n, held))
		}
		if p.acquired.CompareAndSwap(held, held-int64(n)) {
			break
		}
	}
	p.waitLock.Lock()
	for q := p; q != nil; q = q.parent {
		q.held.Add(-int64(n)) // before they are free
		q.free.Add(n)
	}
	p.matchUpTo(nil)
	p.waitLock.Unlock()
}
