package resourcepool

import (
	"context"
	"sync/atomic"
	"time"
)

// group is the body of Group. Its members are resources that nobody gets but
// through the group. A member is at any moment in one of four places: on the idle
// stack; somebody's; an opening's; or, empty, on the vacant stack, for the next
// opening.
//
// An idle member that is evicted stays on the idle stack until it is popped, as
// it cannot be taken out of the middle. Its loose word says so: whoever is second of the
// pop and the eviction makes it vacant.
type group struct {
	self Group // what its users have
	pool *pool
	home int32
	hash uint64 // of the key
	most int64
	make func() AllocateReleaser

	idle    memberStack // newest on top
	vacant  memberStack
	members atomic.Pointer[[]*member] // by number; changed under waitLock
	single  []*member                 // what members points at while there is one, as in most groups
	first   [1]*member                // of single
	live    atomic.Int64              // members that have or seek a slot

	waiting atomic.Int64 // length of queue; Put loads it
	queue   waiterQueue  // Gets of any member; guarded by waitLock, as what follows

	openings openings
	looked   time.Time // when they were last looked at for overdue ones
	suspect  bool      // the last opening failed, or one is overdue (see lane.go)

	limit   *WaitLimit // may be nil
	counted int64      // how many Gets limit counts here
}

type member struct {
	Resource
	opening *opening // guarded by waitLock
	loose   atomic.Uint32
	below   atomic.Uint32 // number plus one of the member below it on its stack
}

const (
	isStacked uint32 = 1 << iota // on the idle stack, or about to be pushed
	isEmptied                    // without a slot, but still on the idle stack
)

func newGroup(p *pool, home int32, most uint, make func() AllocateReleaser) *group {
	g := &group{pool: p, home: home, most: int64(min(uint64(most), 1<<62)), make: make}
	g.self.g = g
	g.members.Store(&noMembers)
	return g
}

// memberStack is a lock-free stack of members. Its word is the number of the top
// member plus one, and above that a tag that each change counts up. So a pop fails if
// its top went and came back meanwhile, with another member below it (ABA).
type memberStack struct{ top atomic.Uint64 }

const (
	oneTag     = 1 << 32
	memberMask = oneTag - 1
)

func (s *memberStack) push(m *member) {
	for {
		top := s.top.Load()
		m.below.Store(uint32(top & memberMask))
		if s.top.CompareAndSwap(top, top&^memberMask+oneTag|uint64(m.r.member+1)) {
			return
		}
	}
}

func (s *memberStack) pop(g *group) *member {
	for {
		top := s.top.Load()
		if top&memberMask == 0 {
			return nil
		}
		m := (*g.members.Load())[top&memberMask-1]
		if s.top.CompareAndSwap(top, top&^memberMask+oneTag|uint64(m.below.Load())) {
			return m
		}
	}
}

func (g *group) of(r *resource) *member { return (*g.members.Load())[r.member] }

func (g *group) tryGet() *member { return g.popIdle(true) }

// popIdle takes the newest idle member, and of those with a Checker, if that is to
// be asked, the newest that is alive. It makes what has been evicted vacant on the way.
//
// Popped against parked again: a member whose eviction is called off becomes idle
// after its mark was taken off here, and is pushed by park, or before that, and
// then this Get gets it.
func (g *group) popIdle(checked bool) *member {
	for {
		m := g.idle.pop(g)
		if m == nil {
			return nil
		}
		before := m.loose.And(^isStacked)
		if m.r.claim(checked) {
			return m
		}
		if before&isEmptied != 0 {
			g.vacate(m)
		}
	}
}

// claim is tryGetSlow that does not give up because a mark changed.
func (r *resource) claim(checked bool) bool {
	if r.tryGet() {
		return true
	}
	for {
		w := r.state.W.Load()
		if phaseOf(w) != phaseIdle {
			return false
		}
		if r.use(w) {
			return !checked || w&markChecked == 0 || r.stillAlive(generationOf(w))
		}
	}
}

// put is putGeneration of a member.
func (g *group) put(r *resource, generation uint32) {
	if g.waiting.Load() != 0 && g.handOver(r, generation) {
		return
	}
	for {
		w := r.state.W.Load()
		switch {
		case generationOf(w) != generation:
			return // released since, and allocated for somebody else
		case phaseOf(w) == phaseIdle:
			panic("Resource was not gotten")
		case phaseOf(w) != phaseInUse:
			return
		case w&markScheduled != 0:
			if r.startRelease(w) {
				_ = r.close() // kept as the last error
				return
			}
		case g.park(r, w):
			return
		}
	}
}

// park makes a member idle that w says is the caller's: in use, or releasing
// with Release not yet called. False means that the word changed and nothing was done.
//
// The mark is set before the member is idle, so that its eviction leaves it to
// a pop. If it was set already a pop may be under way which found the member
// releasing, so park looks again when the member is idle.
//
// Lost wake-up: a Get of the group that came before the member was pushed may have
// found none. It counted itself before it looked, and is looked for after
// the push; and a waiter for a slot likewise (I6).
func (g *group) park(r *resource, w uint64) bool {
	m := g.of(r)
	mine := m.loose.Or(isStacked)&isStacked == 0
	if !r.state.W.CompareAndSwap(w, inPhase(w, phaseIdle)|markListed) {
		if mine {
			m.loose.And(^isStacked)
		}
		return false
	}
	if w&markListed == 0 {
		r.pool.idle.Park(&r.state.Node)
	}
	if mine || m.loose.Or(isStacked)&isStacked == 0 {
		g.idle.push(m)
	}
	if g.waiting.Load() != 0 {
		g.pool.waitLock.Lock()
		g.serveIdle()
		g.pool.waitLock.Unlock()
	}
	if g.pool.slotWaiters.Load() != 0 {
		r.offer()
	}
	return true
}

// emptied is told of each member that has given up its slot.
//
// Lost wake-up: a Get of the group that waits because the group has as many members as it
// may have counted itself before it looked at their number.
//
// Another Get may have the member as soon as it is vacant, with an opening of its own, which
// says nothing of the Gets that this member's end lets in. So the opening is looked at before.
func (g *group) emptied(r *resource) {
	m := g.of(r)
	g.live.Add(-1)
	if g.waiting.Load() == 0 {
		g.vacateLoose(m)
		return
	}
	g.pool.waitLock.Lock()
	defer g.pool.waitLock.Unlock() // also if makeTarget panics
	opens := m.opening != nil
	g.vacateLoose(m)
	if !opens { // else it does that, when it has told who waits for it
		g.refill()
	}
}

// vacateLoose makes a member vacant, now or when a pop finds it.
func (g *group) vacateLoose(m *member) {
	if m.loose.Or(isEmptied)&isStacked == 0 {
		g.vacate(m)
	}
}

func (g *group) vacate(m *member) {
	m.loose.And(^isEmptied)
	g.vacant.push(m)
}

var noMembers []*member

// addMember makes the list longer by one. What is beyond the length of the list before is
// seen by no reader of that, nor is single before it is stored.
func (g *group) addMember(before []*member, m *member) {
	if len(before) == 0 {
		g.first[0], g.single = m, g.first[:]
		g.members.Store(&g.single)
		return
	}
	after := append(before, m)
	g.members.Store(&after)
}

// newMember returns an empty member that is no Get's and no opening's, claimed for
// one that seeks a slot. waitLock is held.
func (g *group) newMember() *member {
	m := g.vacant.pop(g)
	if m == nil {
		before := *g.members.Load()
		m = &member{}
		m.r.init(g.pool, g.make(), g.home)
		m.r.state.Remember()
		m.r.group, m.r.member = g, int32(len(before))
		if b, ok := m.r.target.(Binder); ok {
			b.Bind(&m.Resource)
		}
		g.addMember(before, m)
	}
	suspect := uint64(0)
	if g.suspect {
		suspect = markSuspect
	}
	for {
		w := m.r.state.W.Load()
		if m.r.state.W.CompareAndSwap(w, inPhase(w, phaseSeeking)&^markSuspect|markListed|suspect) {
			return m
		}
	}
}

// get is the body of Group.Get.
func (g *group) get(ctx context.Context) (*Resource, error) {
	if ctx.Err() != nil {
		return nil, newWaitError(g.pool, ErrorResourceLimitExceeded, ctx)
	}
	if m := g.tryGet(); m != nil {
		return &m.Resource, nil
	}
	return g.await(g.enqueue(ctx), ctx)
}
