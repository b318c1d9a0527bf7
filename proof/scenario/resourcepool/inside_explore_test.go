//go:build explore

package resourcepool

import (
	"fmt"
	"strings"

	"github.com/slotpool/slotpool/proof/sched"
)

// This file and atend_explore_test.go alone know how the pool is made inside.

// newExplored makes a pool that follows one of the experts, from 1, or with 0 the one it
// begins with.
func newExplored(slots uint, counts, lists, expert int) *Pool {
	p := newPool(slots, "", counts, lists)
	if expert != 0 {
		p.p.idle.Prefer(expert - 1)
	}
	return p
}

func (w *world) create(i *item, home int) *Resource {
	p := w.p
	if strings.Contains(w.pr.inSub, i.name) {
		p = w.sub
	}
	return p.p.create(i.target(), home%p.p.free.Homes())
}

// pool is the one that the item's resource is in.
func (i *item) pool() *Pool {
	if i.w.sub != nil && i.r.r.pool == &i.w.sub.p {
		return i.w.sub
	}
	return i.w.p
}

// itemOf returns the item behind a resource.
func itemOf(r *Resource) *item {
	switch t := r.r.target.(type) {
	case *item:
		return t
	case quickItem:
		return t.item
	case checkedItem:
		return t.item
	}
	return nil
}

// slots is how many there are at the moment.
func (w *world) slots() int { return int(w.p.p.size.total) }

// resizes and fails say what a program has in it.
func (pr program) resizes() bool { return strings.ContainsAny(pr.users, "MU") }
func (pr program) fails() bool   { return strings.Contains(pr.first+pr.users, "N") }

// pools are all of the tree.
func (w *world) pools() (all []*pool) {
	all = append(all, &w.p.p)
	if w.sub != nil {
		all = append(all, &w.sub.p)
	}
	return all
}

// resources yields those of p and of the pools below it.
func (w *world) resources(p *pool, yield func(*item, *resource)) {
	visit := func(i *item, r *resource) {
		if r.pool == p || r.pool.parent == p {
			yield(i, r)
		}
	}
	for _, i := range w.items[:w.named] {
		visit(i, &i.r.r)
	}
	for _, m := range *w.group.g.members.Load() {
		visit(itemOf(&m.Resource), &m.r)
	}
}

func (i *item) generation() (g uint32) {
	sched.Quietly(func() {
		r := i.r
		for _, m := range *i.w.group.g.members.Load() {
			if itemOf(&m.Resource) == i {
				r = &m.Resource
			}
		}
		g = r.Generation()
	})
	return g
}

func holdsSlot(phase uint64) bool {
	return phase != phaseEmpty && phase != phaseSeeking
}

// checkStep holds between any two operations.
func (w *world) checkStep() (err error) {
	for _, p := range w.pools() {
		if err = w.checkStepOf(p); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) checkStepOf(p *pool) (err error) {
	used := p.free.Free() + p.acquired.Load()
	w.resources(p, func(i *item, r *resource) {
		word := r.state.W.Load()
		if holdsSlot(phaseOf(word)) {
			used++
		}
		if e := r.pool.idle.AuditMark(&r.state.Node); e != nil {
			err = fmt.Errorf("%s: %w (I4)", i.name, e)
		}
		if !p.waitLock.Held() && (word&markWaiters != 0) != (r.waiters.oldest != nil) {
			err = fmt.Errorf("the mark of waiters of %s is %v (%x)", i.name, word&markWaiters != 0, word)
		}
	})
	if err != nil || p.waitLock.Held() || p.size.closed && p.size.total == 0 {
		return err // the last: it has left the tree, where waiters are counted
	}
	if used > int64(p.size.total) {
		return fmt.Errorf("free and held are %d with %d slots (I1)", used, p.size.total)
	}
	waiters := int64(0)
	for q := p; q != nil; q = q.parent {
		if waiters += q.slotQueue.length(); q.size.debt != 0 {
			waiters++
		}
	}
	if p.slotWaiters.Load() != waiters {
		return fmt.Errorf("slotWaiters is %d with %d in the queues", p.slotWaiters.Load(), waiters)
	}
	return nil
}

func (q *waiterQueue) length() (n int64) {
	for w := q.oldest; w != nil; w = w.next {
		if n++; w.next == q.oldest {
			break
		}
	}
	return n
}

// quiet: nothing goes on any more that no Get waits for.
func (g *group) quiet() bool {
	g.pool.waitLock.Lock()
	defer g.pool.waitLock.Unlock()
	return g.openings.oldest == nil && g.pool.everyone.first == nil
}

// sleeps: the Get that the goroutine is in stands in the queue, and its end has not come.
// There is no step of the scheduler in which that is half done.
func (g *group) sleeps(t sched.Task) (yes bool) {
	if t == (sched.Task{}) {
		return false // others change the queue at the same time
	}
	for w := range g.queue.each {
		yes = yes || sched.SleepsOn(t, w.ready)
	}
	return yes
}

func (r *resource) generationNow() uint32 { return generationOf(r.state.W.Load()) }

func candidate(r *resource) bool { return r.state.Place() == "probation" || r.state.Place() == "main" }
