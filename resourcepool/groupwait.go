package resourcepool

import (
	"context"
	"errors"
	"fmt"
)

var (
	errAllocating error = allocating{"allocating"}
	errGoexit           = errors.New("resourcepool: Allocate ended its goroutine")
	errNotOurs          = errors.New("resourcepool: what was to be renewed has been released")
)

// allocating is ErrorPutTimeout of a Get that waits for an Allocate, which goes on without it.
// The target may have another word for that, as what it does is to dial, say.
type allocating struct{ word string }

func (a allocating) Error() string      { return "timed out while " + a.word }
func (allocating) Is(target error) bool { return target == ErrorPutTimeout }

// enqueue queues a Get of the group that found no idle member, and begins an
// opening for it if there are not enough.
func (g *group) enqueue(ctx context.Context) *waiter {
	p := g.pool
	w := newGroupWaiter(g, ctx)
	p.waitLock.Lock()
	defer p.waitLock.Unlock()
	p.arrive(w)
	if p.size.closed {
		w.refuse(ErrPoolClosed)
		return w
	}
	before := int64(0)
	if g.limit != nil {
		before = g.limit.waiting
	}
	g.queue.insert(w)
	g.waiting.Add(1)
	g.serveIdle() // enqueue, then re-check (I6)
	if w.queue == nil {
		return w
	}
	provided := false
	defer func() {
		if !provided { // makeTarget panics: nobody must hand a member to this Get
			g.forget(w)
			p.depart(w)
		}
	}()
	g.provide(w)
	provided = true
	g.recount()
	g.limited(w, before)
	return w
}

func newGroupWaiter(g *group, ctx context.Context) *waiter {
	return &waiter{pool: g.pool, group: g, ctx: ctx, closes: ctx.Done(), since: instant(), ready: make(chan struct{}, 1)}
}

// await waits for a member.
//
// Grant against cancel: both take waitLock. A member that was granted to a Get that has been
// told to give up is put, and so goes to the next.
func (g *group) await(w *waiter, ctx context.Context) (*Resource, error) {
	granted := w.wait(ctx.Done())
	w.waited()
	if !granted {
		p, failed := g.pool, new(WaitError)
		p.waitLock.Lock()
		sentinel := g.waitsFor(w)
		waiting := w.queue != nil
		if waiting {
			g.forget(w)
			p.depart(w)
		}
		failed.see(p)
		p.waitLock.Unlock()
		if !waiting && w.grant.kind == grantRefused {
			return g.take(w, ctx)
		}
		if !waiting {
			p.count(&p.counts.declined)
			g.put(w.grant.held, w.grant.generation)
		}
		p.count(&p.counts.cancelledWaits)
		return nil, failed.because(sentinel, ctx)
	}
	return g.take(w, ctx)
}

// take makes use of a grant. A member that was handed over is asked whether it is alive.
func (g *group) take(w *waiter, ctx context.Context) (*Resource, error) {
	if w.grant.panicked != nil {
		panic(w.grant.panicked.value)
	}
	switch {
	case w.grant.err == errNotOurs: // a stranger has released what was to be renewed
		return g.get(ctx)
	case w.grant.kind == grantRefused:
		return nil, w.grant.err
	}
	r, generation := w.grant.held, w.grant.generation
	if !w.grant.fresh && r.state.W.Load()&markChecked != 0 && !r.alive(generation) {
		return g.renew(ctx, r, generation)
	}
	return &g.of(r).Resource, nil
}

// waitsFor says what a Get of the group waits for. waitLock is held.
func (g *group) waitsFor(w *waiter) error {
	switch {
	case w.opening == nil:
		return ErrorPutTimeout
	case w.opening.waiter != nil && w.opening.waiter.queue != nil:
		return ErrorResourceLimitExceeded
	}
	if t, ok := w.opening.member.r.target.(interface{ Allocating() string }); ok {
		return allocating{t.Allocating()}
	}
	return errAllocating
}

// forget takes a Get off the queue, and calls off what was begun for it alone.
// waitLock is held.
func (g *group) forget(w *waiter) {
	own := w.opening
	g.dequeue(w)
	g.trim(own)
}

func (g *group) dequeue(w *waiter) {
	g.queue.remove(w)
	g.waiting.Add(-1)
	w.join(nil)
	g.recount()
}

// hand gives a member, in use, to a Get of the group, which is to be woken.
// waitLock is held.
func (g *group) hand(r *resource, w *waiter, fresh bool) {
	g.forget(w)
	w.give(grant{kind: grantHeld, held: r, fresh: fresh, generation: generationOf(r.state.W.Load())})
}

// serveIdle gives idle members to those who wait. waitLock is held.
func (g *group) serveIdle() {
	for g.queue.oldest != nil {
		m := g.popIdle(false)
		if m == nil {
			return
		}
		w := g.queue.choose()
		g.hand(&m.r, w, false)
		w.wake()
	}
}

// handOver passes a member that its user puts to the oldest Get of the group, or
// its slot to a waiter for a slot who is older still. False leaves it to put.
// An opening of the same group does not count as one: it would close a member
// to open another.
func (g *group) handOver(r *resource, generation uint32) bool {
	p := g.pool
	p.waitLock.Lock()
	heir, other, owes := g.queue.candidate(), p.oldestSlotWaiter(), p.owing()
	w := r.state.W.Load()
	if heir == nil || generationOf(w) != generation || phaseOf(w) != phaseInUse || w&markScheduled != 0 {
		p.waitLock.Unlock()
		return false
	}
	var next *waiter
	if owes != nil || other != nil && other.precedes(heir) && !r.sameGroup(other) {
		if !r.startRelease(w) {
			p.waitLock.Unlock()
			return false
		}
		next = r.beVictim(owes, other)
	} else {
		if !r.use(w) {
			p.waitLock.Unlock()
			return false
		}
		heir = g.queue.choose()
		g.hand(r, heir, false)
		next, owes = heir, nil
	}
	p.waitLock.Unlock()
	r.follow(next, owes)
	return true
}

// sameGroup reports whether w waits for the slot of an opening of r's group.
func (r *resource) sameGroup(w *waiter) bool {
	return r.group != nil && w.isOpening() && w.opening.group == r.group
}

// renew is the body of Group.Renew, for a member that is in use as that generation. Its
// Get waits in front of all others, as it has been served already; and its
// slot is not the reason for which they wait.
func (g *group) renew(ctx context.Context, r *resource, generation uint32) (*Resource, error) {
	p := g.pool
	w := newGroupWaiter(g, ctx)
	p.waitLock.Lock()
	if p.size.closed {
		p.waitLock.Unlock()
		_, _ = r.releaseGeneration(generation) // kept as the last error
		return nil, ErrPoolClosed
	}
	p.arrive(w)
	if oldest := g.queue.oldest; oldest != nil {
		w.ticket = oldest.ticket - 1
	}
	o := g.newOpening(g.of(r), context.WithoutCancel(ctx))
	w.join(o)
	g.queue.insert(w)
	g.waiting.Add(1)
	o.start()
	g.recount()
	p.waitLock.Unlock()
	go o.runRenew(generation)
	return g.await(w, ctx)
}

// renewHeld is renew of a member that the caller says it has.
func (g *group) renewHeld(ctx context.Context, r *resource) (*Resource, error) {
	w := r.state.W.Load()
	if phaseOf(w) != phaseInUse {
		panic("Resource was not gotten")
	}
	return g.renew(ctx, r, generationOf(w))
}

// panicError is what the other Gets are told that wait for an opening which panicked.
func panicError(p *panicked) error {
	return fmt.Errorf("resourcepool: Allocate panicked: %v", p.value)
}
