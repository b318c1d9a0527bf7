//go:build explore

package resourcepool

import (
	"fmt"

	"github.com/slotpool/slotpool/internal/evict"
)

// checkEnd holds when all have ended.
func (w *world) checkEnd() error {
	for _, p := range w.pools() {
		if err := w.checkLists(p); err != nil {
			return err
		}
	}
	for _, p := range w.pools() {
		if err := w.checkEndOf(p); err != nil {
			return err
		}
	}
	if err := w.checkGroup(); err != nil {
		return err
	}
	if err := w.checkShared(); err != nil {
		return err
	}
	return w.checkUse()
}

// checkShared holds when all leases have ended.
func (w *world) checkShared() error {
	if w.shared == nil {
		return nil
	}
	s := &w.shared.s
	if s.state != sharedEmpty || s.users != 0 || len(s.waiting) != 0 {
		return fmt.Errorf("Shared: state %d with %d users, %d wait", s.state, s.users, len(s.waiting))
	}
	return nil
}

func (w *world) checkEndOf(p *pool) (err error) {
	used, idle := p.acquired.Load(), 0
	w.resources(p, func(i *item, r *resource) {
		word := r.state.W.Load()
		bad := word&markWaiters != 0 || r.state.InLane
		switch phaseOf(word) {
		case phaseEmpty:
			bad = bad || i.held || r.state.Place() != "" || word&(residencyMarks|usesMask) != 0
		case phaseIdle:
			used++
			idle++
			bad = bad || !i.held || !candidate(r) || word&markListed == 0 || word&markScheduled != 0 || i.owner != ""
		case phaseInUse:
			used++
			bad = bad || !i.held || r.state.Place() == "" || i.owner == "" && !w.anybody
		default:
			bad = true
		}
		if bad {
			err = fmt.Errorf("%s: word %x, place %v, allocated %v, owner %q", i.name, word, r.state.Place(), i.held, i.owner)
		}
	})
	s := p.size
	if s.debt != 0 && (idle > 0 || p.free.Free() > 0) || s.shedding != 0 || s.total != s.limit+s.debt {
		return fmt.Errorf("size %+v with %d idle and %d free", s, idle, p.free.Free())
	}
	waiters := int64(0)
	for q := p; q != nil; q = q.parent {
		if q.size.debt != 0 {
			waiters++
		}
	}
	if p.size.closed && p.size.total == 0 {
		waiters = p.slotWaiters.Load() // it has left the tree
	}
	if err == nil && (p.slotWaiters.Load() != waiters || p.waiting != 0 || p.lane.count != 0 || p.lane.queue.oldest != nil ||
		p.everyone.first != nil || len(p.orphans.going) != 0 || p.free.Free()+used != int64(s.total)) {
		err = fmt.Errorf("slot waiters %d, waiting %d, lane %d, orphans %v, free %d, used %d of %d",
			p.slotWaiters.Load(), p.waiting, p.lane.count, p.orphans.going, p.free.Free(), used, s.total)
	}
	return err
}

// checkGroup looks at the members, and takes the idle ones out.
func (w *world) checkGroup() error {
	g := w.group.g
	idle, live, all := 0, int64(0), *g.members.Load()
	for _, m := range all {
		switch phaseOf(m.r.state.W.Load()) {
		case phaseIdle:
			idle++
			live++
		case phaseInUse:
			live++
		}
	}
	if g.waiting.Load() != 0 || g.queue.oldest != nil || g.openings.oldest != nil || g.openings.wanted != 0 || g.live.Load() != live {
		return fmt.Errorf("group: waiting %d, openings %d, live %d of %d", g.waiting.Load(), g.openings.wanted, g.live.Load(), live)
	}
	found := 0
	for m := g.tryGet(); m != nil; m = g.tryGet() {
		found++
		defer g.put(&m.r, m.r.generationNow())
	}
	if found != idle && !w.pr.checked {
		return fmt.Errorf("group: %d of %d idle members can be had", found, idle)
	}
	vacant := 0
	for m := g.vacant.pop(g); m != nil; m = g.vacant.pop(g) {
		vacant++
		if phaseOf(m.r.state.W.Load()) != phaseEmpty || m.loose.Load() != 0 {
			return fmt.Errorf("group: vacant with word %x, loose %d", m.r.state.W.Load(), m.loose.Load())
		}
		defer g.vacant.push(m)
	}
	if int64(vacant)+g.live.Load() != int64(len(all)) {
		return fmt.Errorf("group: %d vacant and %d live of %d", vacant, g.live.Load(), len(all))
	}
	return nil
}

// checkLists drains the stacks and compares the lists with the places.
func (w *world) checkLists(p *pool) error {
	nodes := map[*evict.Node]bool{}
	w.resources(p, func(_ *item, r *resource) {
		if r.pool == p {
			nodes[&r.state.Node] = true
		}
	})
	if err := p.idle.Audit(nodes); err != nil {
		return err
	}
	if p.waitLock.Held() {
		return fmt.Errorf("waitLock is held")
	}
	return nil
}

// checkUse gets as many new resources as there are slots not in use: all that
// is idle must be found and evicted.
func (w *world) checkUse() (err error) {
	defer func() {
		switch p := recover(); p {
		case nil, any(errRelease):
		case "sched: a check or a set-up blocks":
			err = fmt.Errorf("a slot that is not in use cannot be had")
		default:
			panic(p)
		}
	}()
	p := &w.p.p
	w.failing = 0
	rest := int(p.size.total) - int(p.acquired.Load())
	w.resources(p, func(i *item, r *resource) {
		if phaseOf(r.state.W.Load()) == phaseInUse {
			rest--
		}
	})
	if p.size.closed || p.size.debt != 0 || w.sub != nil && w.sub.p.size.debt != 0 {
		return nil
	}
	for n := range rest {
		i := &item{w: w, name: "last"}
		if err := w.create(i, n).Get(nil); err != nil {
			return fmt.Errorf("%d of %d slots not in use cannot be had: %v", n+1, rest, err)
		}
	}
	return nil
}
