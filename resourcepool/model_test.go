package resourcepool

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
)

// model is the pool as one would write it with a mutex and no cleverness. It
// does not choose victims: it is told whom the pool released, and checks that
// this one was idle and had to go.
type model struct {
	slots     int
	resources []*modelResource
	queue     []*modelGet // all that wait, in order of arrival
}

type modelResource struct {
	state     string // "", "seeking", "idle", "in use"
	scheduled bool
	failing   bool // its next Allocate fails
}

type modelGet struct {
	r    *modelResource
	slot bool // waits for a slot; else for its resource
	err  error
	done bool
}

func (m *model) used() (n int) {
	for _, r := range m.resources {
		if r.state == "idle" || r.state == "in use" {
			n++
		}
	}
	return n
}

func (m *model) get(r *modelResource) *modelGet {
	g := &modelGet{r: r}
	switch r.state {
	case "idle":
		r.state, g.done = "in use", true
	case "":
		r.state, g.slot = "seeking", true
		m.queue = append(m.queue, g)
	default:
		m.queue = append(m.queue, g)
	}
	return g
}

// settle serves slot waiters in order until there is none or no slot. evict is
// asked for a victim when only idle resources are left.
func (m *model) settle(evict func() (*modelResource, error)) error {
	for {
		i := slices.IndexFunc(m.queue, func(g *modelGet) bool { return g.slot })
		if i < 0 {
			return nil
		}
		if m.used() == m.slots {
			if !slices.ContainsFunc(m.resources, func(r *modelResource) bool { return r.state == "idle" }) {
				return nil
			}
			victim, err := evict()
			if err != nil {
				return err
			}
			m.empty(victim)
		}
		g := m.queue[i]
		m.queue = slices.Delete(m.queue, i, i+1)
		g.done = true
		if g.r.failing {
			g.err = errFake
			m.empty(g.r)
		} else {
			g.r.state = "in use"
		}
	}
}

// empty takes what r holds away; the first who waits for r waits for a slot.
func (m *model) empty(r *modelResource) {
	r.state, r.scheduled = "", false
	if g := m.firstFor(r); g != nil {
		g.slot, r.state = true, "seeking"
	}
}

func (m *model) firstFor(r *modelResource) *modelGet {
	for _, g := range m.queue {
		if g.r == r && !g.slot {
			return g
		}
	}
	return nil
}

// put returns the resource that Put itself gives up, if any: the victim of an
// older slot waiter.
func (m *model) put(r *modelResource) {
	if r.scheduled {
		m.empty(r)
		return
	}
	r.state = "idle" // an older slot waiter evicts it when the model settles
	if len(m.queue) == 0 {
		return
	}
	for _, g := range m.queue { // the oldest that r can serve
		if g.slot {
			return
		}
		if g.r == r {
			m.queue = slices.DeleteFunc(m.queue, func(x *modelGet) bool { return x == g })
			r.state, g.done = "in use", true
			return
		}
	}
}

func (m *model) cancel(g *modelGet) {
	m.queue = slices.DeleteFunc(m.queue, func(x *modelGet) bool { return x == g })
	g.done, g.err = true, ErrorPutTimeout
	if g.slot {
		g.err = ErrorResourceLimitExceeded
		m.empty(g.r)
	}
}

// player runs one sequence of operations on a pool and on the model at once.
type player struct {
	t         *testing.T
	p         *Pool
	m         *model
	resources []*Resource
	things    []*thing
	released  []int // by the pool, since the model settled last
	waiting   []played
	steps     []string
}

type played struct {
	real  *getter
	model *modelGet
	i     int
}

func newPlayer(t *testing.T, slots, resources, shards int) *player {
	pl := &player{t: t, p: newPool(uint(slots), "", shards, shards), m: &model{slots: slots}}
	for i := range resources {
		mr := &modelResource{}
		pl.m.resources = append(pl.m.resources, mr)
		f := &thing{
			allocate: func() error {
				if mr.failing {
					return errFake
				}
				return nil
			},
			release: func() error { pl.released = append(pl.released, i); return nil },
		}
		pl.things = append(pl.things, f)
		pl.resources = append(pl.resources, pl.p.Create(f))
	}
	return pl
}

func (pl *player) victim() (*modelResource, error) {
	if len(pl.released) == 0 {
		return nil, fmt.Errorf("a waiter was owed an eviction")
	}
	i := pl.released[0]
	pl.released = pl.released[1:]
	if s := pl.m.resources[i].state; s != "idle" {
		return nil, fmt.Errorf("resource %d was evicted while %q", i, s)
	}
	return pl.m.resources[i], nil
}

// step plays operation op on resource i.
func (pl *player) step(op, i int) {
	r, mr := pl.resources[i], pl.m.resources[i]
	expected := []int{} // released by the operation itself
	var name string
	switch {
	case op < 5:
		name = "Get"
		g := played{real: startGet(r), model: pl.m.get(mr), i: i}
		pl.waiting = append(pl.waiting, g)
	case op < 9 && mr.state == "in use":
		name = "Put"
		if mr.scheduled {
			expected = append(expected, i)
		}
		r.Put()
		pl.m.put(mr)
	case op == 9 && (mr.state == "in use" || mr.state == "idle"):
		name = "Release"
		expected = append(expected, i)
		_ = r.Release()
		pl.m.empty(mr)
	case op == 10 && mr.state == "idle":
		name = "ScheduleRelease"
		expected = append(expected, i)
		_ = r.ScheduleRelease()
		pl.m.empty(mr)
	case op == 10 && mr.state == "in use":
		name = "ScheduleRelease"
		_ = r.ScheduleRelease()
		mr.scheduled = true
	case op == 11 && len(pl.waiting) > 0:
		name = "cancel"
		g := pl.waiting[i%len(pl.waiting)]
		close(g.real.cancel)
		pl.m.cancel(g.model)
	case op == 12:
		name = "fail"
		mr.failing = !mr.failing
	default:
		return
	}
	pl.steps = append(pl.steps, fmt.Sprintf("%s %d", name, i))
	synctest.Wait()
	pl.settle(expected)
}

func (pl *player) settle(expected []int) {
	for _, i := range expected {
		at := slices.Index(pl.released, i)
		if at < 0 {
			pl.fatalf("resource %d was not released", i)
		}
		pl.released = slices.Delete(pl.released, at, at+1)
	}
	if err := pl.m.settle(pl.victim); err != nil {
		pl.fatalf("%v", err)
	}
	if len(pl.released) != 0 {
		pl.fatalf("needless releases of %v", pl.released)
	}
	left := pl.waiting[:0]
	for _, g := range pl.waiting {
		if g.real.done != g.model.done || g.real.err != g.model.err {
			pl.fatalf("a Get of %d: done %v with %v; the model says %v with %v",
				g.i, g.real.done, g.real.err, g.model.done, g.model.err)
		}
		if !g.real.done {
			left = append(left, g)
		}
	}
	pl.waiting = left
	pl.compare()
}

func (pl *player) compare() {
	var inUse, idle uint
	for i, mr := range pl.m.resources {
		want := phaseEmpty
		switch mr.state {
		case "idle":
			idle++
			want = phaseIdle
		case "in use":
			inUse++
			want = phaseInUse
		case "seeking":
			want = phaseSeeking
		}
		if got := phaseOf(pl.resources[i].r.state.w.Load()); got != want {
			pl.fatalf("resource %d is in phase %d, the model says %q", i, got, mr.state)
		}
		pl.things[i].check(pl.t)
	}
	wantUsage(pl.t, pl.p, inUse, idle, uint(len(pl.m.queue)))
}

func (pl *player) fatalf(format string, args ...any) {
	pl.t.Helper()
	pl.t.Fatalf("after %v:\n"+format, append([]any{pl.steps}, args...)...)
}

// drain ends all waits, so that the bubble can end.
func (pl *player) drain() {
	for _, g := range pl.waiting {
		if !g.real.done {
			close(g.real.cancel)
			synctest.Wait()
		}
	}
}

func playAll(t *testing.T, slots, resources, shards int, ops []byte) {
	synctest.Test(t, func(t *testing.T) {
		pl := newPlayer(t, slots, resources, shards)
		defer pl.drain()
		for _, b := range ops {
			pl.step(int(b)%13, int(b)/13%resources)
		}
	})
}

func TestModel(t *testing.T) {
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	rng := rand.New(rand.NewPCG(20, 26))
	for round := range rounds {
		ops := make([]byte, 300)
		for i := range ops {
			ops[i] = byte(rng.Uint32())
		}
		slots, resources, shards := rng.IntN(5), 1+rng.IntN(8), 1<<rng.IntN(3)
		if !t.Run(fmt.Sprintf("%d/slots=%d,resources=%d,shards=%d", round, slots, resources, shards), func(t *testing.T) {
			playAll(t, slots, resources, shards, ops)
		}) {
			return
		}
	}
}

func FuzzModel(f *testing.F) {
	f.Add(uint8(1), uint8(2), []byte{0, 13, 5, 18})
	f.Add(uint8(2), uint8(4), []byte{0, 1, 2, 13, 26, 39, 5, 18, 9, 22, 11, 24, 12})
	f.Fuzz(func(t *testing.T, slots, resources uint8, ops []byte) {
		if len(ops) > 500 {
			ops = ops[:500]
		}
		playAll(t, int(slots%6), 1+int(resources%10), 1<<(slots%3), ops)
	})
}
