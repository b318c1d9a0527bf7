package resourcepool

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
)

// groupModel is what a Group is to its users, if Allocate takes no time: a stack of idle
// members, and a line of those who wait.
type groupModel struct {
	most    int // members at once
	live    int
	idle    []*Resource // newest last
	waiting []*groupModelGet
}

type groupModelGet struct {
	*groupGetter
	cancel context.CancelFunc
}

// groupModelRun compares a group with the model step by step.
type groupModelRun struct {
	t     *testing.T
	rng   *rand.Rand
	g     *Group
	model groupModel
	used  []*Resource
}

func (run *groupModelRun) get() {
	t, m := run.t, &run.model
	ctx, cancel := context.WithCancel(t.Context())
	x := &groupModelGet{startGroupGet(ctx, run.g), cancel}
	switch n := len(m.idle); {
	case n > 0:
		run.served(x, m.idle[n-1])
		m.idle = m.idle[:n-1]
	case m.live < m.most:
		m.live++
		run.served(x, nil)
	default:
		m.waiting = append(m.waiting, x)
		x.wantWaiting(t)
	}
}

// served checks that a Get has what it must have: that member, or, if nil, a new one.
func (run *groupModelRun) served(x *groupModelGet, want *Resource) {
	t := run.t
	t.Helper()
	x.wantDone(t, nil)
	x.cancel()
	if want != nil && x.r != want || slices.Contains(run.used, x.r) || slices.Contains(run.model.idle, x.r) && x.r != want {
		t.Fatalf("served with another member, or with one that is not free")
	}
	run.used = append(run.used, x.r)
}

// next takes who has waited longest off the line.
func (m *groupModel) next() *groupModelGet {
	if len(m.waiting) == 0 {
		return nil
	}
	x := m.waiting[0]
	m.waiting = m.waiting[1:]
	return x
}

func (run *groupModelRun) takeUsed() *Resource {
	i := run.rng.IntN(len(run.used))
	r := run.used[i]
	run.used = slices.Delete(run.used, i, i+1)
	return r
}

func (run *groupModelRun) put() {
	r := run.takeUsed()
	run.g.Put(r, r.Generation())
	if x := run.model.next(); x != nil {
		run.served(x, r)
	} else {
		run.model.idle = append(run.model.idle, r)
	}
}

func (run *groupModelRun) release(r *Resource) {
	if released, err := r.ReleaseGeneration(r.Generation()); !released || err != nil {
		run.t.Fatal(released, err)
	}
	run.model.live--
	if x := run.model.next(); x != nil {
		run.model.live++
		run.served(x, nil)
	}
}

func (run *groupModelRun) cancel() {
	m := &run.model
	i := run.rng.IntN(len(m.waiting))
	x := m.waiting[i]
	m.waiting = slices.Delete(m.waiting, i, i+1)
	x.cancel()
	synctest.Wait()
	wantWaitError(run.t, x.err, context.Canceled)
}

func (run *groupModelRun) step() {
	m := &run.model
	switch n := run.rng.IntN(10); {
	case n < 4:
		run.get()
	case n < 7 && len(run.used) > 0:
		run.put()
	case n == 7 && len(run.used) > 0:
		run.release(run.takeUsed())
	case n == 8 && len(m.idle) > 0:
		i := run.rng.IntN(len(m.idle))
		r := m.idle[i]
		m.idle = slices.Delete(m.idle, i, i+1)
		run.release(r)
	case n == 9 && len(m.waiting) > 0:
		run.cancel()
	case n == 9 && len(m.idle) > 0:
		if r := run.g.TryGet(); r != m.idle[len(m.idle)-1] {
			run.t.Fatal("TryGet: not the newest")
		}
		run.used = append(run.used, m.idle[len(m.idle)-1])
		m.idle = m.idle[:len(m.idle)-1]
	}
}

func TestGroupDoesAsItsModel(t *testing.T) {
	for _, c := range []struct{ slots, most uint }{{4, 0}, {8, 3}, {2, 5}, {1, 1}} {
		for seed := range uint64(10) {
			synctest.Test(t, func(t *testing.T) {
				p := New(c.slots, "")
				g := p.NewGroup("g", c.most, func() AllocateReleaser { return &thing{} })
				run := &groupModelRun{t: t, rng: rand.New(rand.NewPCG(7, seed)), g: g}
				run.model.most = int(c.slots)
				if c.most != 0 {
					run.model.most = int(min(c.slots, c.most))
				}
				for range 300 {
					run.step()
					wantUsage(t, p, uint(len(run.used)), uint(len(run.model.idle)), uint(len(run.model.waiting)))
				}
				for len(run.used) > 0 {
					run.put()
				}
				(&lines{Group: g, p: p}).wantQuiet(t, uint(len(run.model.idle)))
			})
		}
	}
}
