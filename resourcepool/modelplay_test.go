package resourcepool

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
)

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

// onlySuspect reports whether no other resource fails or has failed: one is never
// alone too many for the lane, of which the model knows nothing.
func (pl *player) onlySuspect(i int) bool {
	for j, r := range pl.resources {
		if j != i && (pl.m.resources[j].failing || r.r.isSuspect()) {
			return false
		}
	}
	return true
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
	case op == 12 && pl.onlySuspect(i):
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
		if g.real.done.Load() != g.model.done || g.real.err != g.model.err {
			pl.fatalf("a Get of %d: done %v with %v; the model says %v with %v",
				g.i, g.real.done.Load(), g.real.err, g.model.done, g.model.err)
		}
		if !g.real.done.Load() {
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
		if got := phaseOf(pl.resources[i].r.state.W.Load()); got != want {
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
		if !g.real.done.Load() {
			close(g.real.cancel)
			synctest.Wait()
		}
	}
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
