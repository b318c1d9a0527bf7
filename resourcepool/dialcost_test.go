package resourcepool

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// What an Allocate has cost is what eviction is sparing with.

// handClock passes only where a test says so.
type handClock struct{ now atomic.Int64 }

func (c *handClock) pass(d time.Duration) { c.now.Add(int64(d)) }

func (c *handClock) poolOf(slots uint) *Pool {
	p := New(slots, "")
	p.p.clock = func() time.Duration { return time.Duration(c.now.Load()) }
	return p
}

// takes is an Allocate that takes so long, and then returns err.
func (c *handClock) takes(own time.Duration, err error) func() error {
	return func() error { c.pass(own); return err }
}

// wantCost looks at what eviction was told of r, and at the time of all Allocates of its pool.
func wantCost(t *testing.T, r *resource, own time.Duration) {
	t.Helper()
	if free := r.state.Free(); free != (own == 0) {
		t.Errorf("it costs nothing: %v, and its Allocate took %v", free, own)
	}
	if sum := r.pool.allTimes().Allocate.Sum; sum != own {
		t.Errorf("Allocate was timed as %v, and took %v", sum, own)
	}
}

// getThatWaits is a Get of r, for which held has to give up the only slot.
type getThatWaits struct {
	*testing.T
	clock   *handClock
	p       *Pool
	held, r *Resource
}

// until has the Get wait for an hour, and then for end.
func (w *getThatWaits) until(end func()) error {
	g := startGet(w.r)
	g.wantWaiting(w.T)
	w.clock.pass(time.Hour)
	end()
	return g.result(w.T)
}

// A Get that waited an hour for its slot made a resource that eviction spared.
func TestWaitForASlotIsNoCost(t *testing.T) {
	for name, get := range map[string]func(w *getThatWaits) error{
		"for a Put":              func(w *getThatWaits) error { return w.until(w.held.Put) },
		"for a Release":          func(w *getThatWaits) error { return w.until(func() { _ = w.held.Release() }) },
		"for SetMax":             func(w *getThatWaits) error { return w.until(func() { w.p.SetMax(2) }) },
		"for a victim's Release": func(w *getThatWaits) error { w.held.Put(); return w.r.Get(nil) },
		"for a victim's Release, with a canceler": func(w *getThatWaits) error {
			w.held.Put()
			return w.r.Get(make(chan struct{}))
		},
	} {
		for _, own := range []time.Duration{0, time.Millisecond} {
			t.Run(name+", and takes "+own.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := &handClock{}
					w := &getThatWaits{T: t, clock: c, p: c.poolOf(1)}
					w.held = w.p.Create(&thing{release: c.takes(time.Hour, nil)})
					mustGet(t, w.held)
					w.r = w.p.Create(&thing{allocate: c.takes(own, nil)})
					testkit.WantErr(t, "Get", get(w), nil)
					wantCost(t, &w.r.r, own)
				})
			})
		}
	}
}

// The same of a member of a group, whose Get waits on one goroutine and allocates on another.
func TestWaitOfAGroupForASlotIsNoCost(t *testing.T) {
	for _, own := range []time.Duration{0, time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			c := &handClock{}
			p := c.poolOf(1)
			held := hold(t, p)
			g := p.NewGroup("g", 0, func() AllocateReleaser { return &thing{allocate: c.takes(own, nil)} })
			x := startGroupGet(t.Context(), g)
			x.wantWaiting(t)
			c.pass(time.Hour)
			held.Put()
			x.wantDone(t, nil)
			wantCost(t, &x.r.r, own)
		})
	}
}

// A suspect waits for the lane, with its slot free.
func TestWaitForTheLaneIsNoCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &handClock{}
		p := c.poolOf(8) // a lane of one
		end := make(chan error)
		target := &thing{allocate: c.takes(0, errFake)}
		suspects := []*Resource{p.Create(&thing{allocate: func() error { return <-end }}), p.Create(target)}
		first := startGet(suspects[0])
		end <- errFake
		first.wantDone(t, errFake)
		testkit.WantErr(t, "Get", suspects[1].Get(nil), errFake)
		first = startGet(suspects[0])
		target.allocate = nil
		barred := startGet(suspects[1])
		barred.wantWaiting(t)
		c.pass(time.Hour)
		end <- errFake
		first.wantDone(t, errFake)
		barred.wantDone(t, nil)
		wantCost(t, &suspects[1].r, 0)
	})
}

// The Release that Renew begins with took an hour.
func TestReleaseOfARenewIsNoCost(t *testing.T) {
	c := &handClock{}
	p := c.poolOf(1)
	a := &thing{allocate: c.takes(time.Millisecond, nil), release: c.takes(time.Hour, nil)}
	r := p.Create(a)
	mustGet(t, r)
	a.allocate = nil
	testkit.WantErr(t, "Renew", r.Renew(a), nil)
	wantCostNothing(t, r)
}

func wantCostNothing(t *testing.T, r *Resource) {
	t.Helper()
	if !r.r.state.Free() {
		t.Error("a Renew whose Allocate took no time costs something")
	}
}

// A target that says when its Allocate really began has waited before that.
func TestWaitBeforeAllocateBeganIsNoCost(t *testing.T) {
	for _, own := range []time.Duration{0, time.Second} {
		synctest.Test(t, func(t *testing.T) { // for the time that a target tells is the system's
			p := New(1, "")
			q := &queuedThing{}
			takes := func(own time.Duration) func() error {
				return func() error {
					time.Sleep(time.Minute)
					q.began = time.Now()
					time.Sleep(own)
					return nil
				}
			}
			q.allocate = takes(own)
			r := p.Create(q)
			mustGetQuick(t, r)
			wantCost(t, &r.r, own)
			q.allocate = takes(0)
			testkit.WantErr(t, "Renew", r.Renew(q), nil)
			wantCostNothing(t, r)
		})
	}
}

// An Allocate that fails after an hour is no reason to spare what the next one makes, and
// one that fails at once none to take it for cheap.
func TestFailedAllocateIsNoCost(t *testing.T) {
	for _, fails := range []time.Duration{0, time.Hour} {
		for _, own := range []time.Duration{0, time.Millisecond} {
			c := &handClock{}
			p := c.poolOf(1)
			a := &thing{}
			r := p.Create(a)
			fail := func() {
				t.Helper()
				a.allocate = c.takes(fails, errFake)
				testkit.WantErr(t, "a Get that fails", r.Get(nil), errFake)
			}
			fail()
			wantCost(t, &r.r, 0)
			a.allocate = c.takes(own, nil)
			mustGet(t, r)
			wantCost(t, &r.r, own)
			a.allocate = c.takes(fails, errFake)
			testkit.WantErr(t, "a Renew that fails", r.Renew(a), errFake)
			wantCost(t, &r.r, own)
			fail()
			wantCost(t, &r.r, own)
		}
	}
}
