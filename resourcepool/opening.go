package resourcepool

import (
	"context"
	"time"

	"github.com/slotpool/slotpool/internal/lapse"
)

// opening is one Allocate of a group's member, from when a Get asks for it to its
// end. Allocate runs on a goroutine of its own, so that a Get which gives up leaves
// it running; what comes of it serves whoever waits, or is parked.
//
// There are never more openings than Gets that wait, but for one whose Get has
// given up: that one goes on, and the next Get joins it. An opening that has no slot
// yet is called off with its Get. waitLock guards it.
type opening struct {
	group  *group
	member *member
	waiter *waiter // for its slot: place, or nil if it has one from the start
	place  waiter
	ctx    context.Context // of Allocate; before start that of the Get, which does not cancel
	cancel context.CancelFunc
	begun  time.Time // Allocate; zero while there is no slot
	slot   bool      // it has one, or is refused one
	spare  bool      // no Get may join it: it is cancelled, or that of a Group.Open

	watched   bool // so that it does not stay too long (overstay.go)
	overstay  lapse.Item
	lookAgain *time.Timer // nil until it has overstayed
	evictions uint64      // when it was looked at last (isInTheWay)
	leaves    bool        // it was told to, as it had overstayed

	gets         int64 // how many Gets in the queue wait for it
	older, newer *opening
}

// newOpening begins one. waitLock is held.
func (g *group) newOpening(m *member, ctx context.Context) *opening {
	o := &opening{group: g, member: m, ctx: ctx}
	g.openings.add(o)
	return o
}

// start is told when an opening has its slot, or is refused it. Only from then on
// there is something to cancel. waitLock is held.
func (o *opening) start() {
	o.ctx, o.cancel = context.WithCancel(o.ctx)
	o.group.openings.start(o)
}

// provide begins an opening for a Get, in its turn, if there are fewer openings than
// Gets and the group may have more members. Else the Get waits for an opening that has
// begun. waitLock is held.
func (g *group) provide(w *waiter) {
	g.noteOverdue()
	if !g.mayOpen() {
		w.join(g.openings.newestWanted(nil))
		return
	}
	o := g.newOpening(g.newMember(), context.WithoutCancel(w.ctx))
	g.live.Add(1)
	w.join(o)
	o.place = waiter{pool: g.pool, resource: &o.member.r, opening: o, since: w.since, ticket: w.ticket, forSlot: true}
	o.waiter = &o.place
	g.pool.arrive(o.waiter)
	g.pool.join(o.waiter)
}

// mayOpen: fewer openings than Gets, and fewer members than there may be.
func (g *group) mayOpen() bool {
	return g.openings.wanted < g.waiting.Load() && (g.most == 0 || g.live.Load() < g.most)
}

// refill begins openings for those Gets that wait for none, and for those that share
// one. They shared it because there could be no more members then. Now that there can
// be, they must not wait for its end, as it may take long. waitLock is held.
func (g *group) refill() {
	for w := range g.queue.each {
		switch o := w.opening; {
		case g.mayOpen() && (o == nil || o.gets > 1):
			g.provide(w)
		case o == nil:
			if o = g.openings.newestWanted(nil); o == nil {
				return // none to join, for nobody
			}
			w.join(o)
		}
	}
}

// trim calls off openings of which there are too many now that a Get has left, that
// of its own first if it has no slot yet, then the newest. waitLock is held.
func (g *group) trim(own *opening) {
	for g.openings.wanted > g.waiting.Load() {
		o := own
		if o == nil || !o.seeks() {
			o = g.openings.newestSeeking()
		}
		if o == nil {
			break
		}
		g.callOff(o)
	}
	for g.openings.wanted > g.waiting.Load()+1 {
		o := g.openings.newestWanted(nil)
		g.openings.setAside(o)
		o.cancel()
		g.reassign(o)
		g.recount()
	}
}

// seeks: it has no slot yet.
func (o *opening) seeks() bool { return o.waiter != nil && o.waiter.queue != nil }

// callOff ends an opening that has no slot yet.
func (g *group) callOff(o *opening) {
	g.remove(o)
	o.waiter.leaveSlotQueue()
	g.pool.depart(o.waiter)
	g.vacate(o.member)
	g.live.Add(-1)
}

// remove takes an opening off the list. Who waits for it waits for another.
func (g *group) remove(o *opening) {
	g.openings.remove(o)
	delete(g.pool.allocating, o)
	g.reassign(o)
	g.recount()
	o.unwatch()
	if o.leaves {
		g.pool.lane.leaving--
	}
}

// reassign costs nothing if nobody waits for the opening any more, as is the
// rule when it ends with its only Get.
func (g *group) reassign(from *opening) {
	if from.gets == 0 {
		return
	}
	to := g.openings.newestWanted(from)
	for w := range g.queue.each {
		if w.opening == from {
			w.join(to)
		}
	}
}

// run allocates with what the opening was granted. It is a goroutine.
func (o *opening) run(with grant) {
	r := &o.member.r
	a := timedAllocator{o}
	o.waiter.waited()
	o.finish(func() error {
		switch with.kind {
		case grantRefused:
			o.group.emptied(r)
			return with.err
		case grantVictim:
			r.replace(with.victim)
			return r.open(with.victim, with.level, a)
		default:
			r.admit()
			return r.open(nil, nil, a)
		}
	})
}

// runRenew allocates anew in a member that is in use as that generation. It is a goroutine.
func (o *opening) runRenew(generation uint32) {
	r := &o.member.r
	o.finish(func() error {
		ours, err := r.renewGeneration(uint64(generation), timedAllocator{o})
		if !ours {
			return errNotOurs
		}
		return err
	})
}

// granted is told of the grant to the opening's waiter. waitLock is held.
func (o *opening) granted() {
	o.start()
	o.group.recount()
}

// timedAllocator is the Allocate of an opening, which notes when it begins.
type timedAllocator struct{ o *opening }

func (t timedAllocator) Allocate() error {
	t.o.begin()
	return (&withContext{ctx: t.o.ctx, a: t.o.member.r.target}).Allocate()
}

// finish calls open and tells the Gets how it ended. A Goexit in it is a failure.
func (o *opening) finish(open func() error) {
	err := errGoexit
	defer func() {
		o.ended(err, recovered(recover()))
	}()
	err = open()
}

// ended is told what came of Allocate, err or a panic or neither.
func (o *opening) ended(err error, p *panicked) {
	blameless := o.ctx.Err() != nil || err == ErrPoolClosed || err == errNotOurs
	o.cancel()
	if err == nil {
		o.succeeded()
	} else {
		o.failed(err, p, blameless)
	}
}

// succeeded hands the member, which is in use, to the oldest Get, or parks it.
func (o *opening) succeeded() {
	g, r := o.group, &o.member.r
	p := g.pool
	p.waitLock.Lock()
	g.suspect = false
	g.remove(o)
	heir := g.queue.oldest
	if heir != nil {
		heir = g.queue.choose()
		g.hand(r, heir, true)
	}
	g.refill()
	p.waitLock.Unlock()
	if heir != nil {
		heir.wake()
		return
	}
	p.count(&p.counts.declined) // it was counted as a use
	p.count(&p.counts.unclaimed)
	g.put(r, generationOf(r.state.W.Load()))
}

// failed tells all who wait for the opening. The first of them has the panic. blameless
// says that it was not for what is behind the target.
func (o *opening) failed(err error, cause *panicked, blameless bool) {
	g := o.group
	g.pool.waitLock.Lock()
	if !blameless {
		g.suspect = true
	}
	told := 0
	for w := range g.queue.each {
		if w.opening != o {
			continue
		}
		g.dequeue(w)
		refusal := grant{kind: grantRefused, err: err}
		if cause != nil && told == 0 {
			refusal.panicked = cause
		} else if cause != nil {
			refusal.err = panicError(cause)
		}
		told++
		w.give(refusal)
		w.wake()
	}
	g.remove(o)
	g.refill()
	g.pool.waitLock.Unlock()
	if cause != nil && told == 0 {
		logPanic(o.member.r.target, "Allocate", cause)
	}
}
