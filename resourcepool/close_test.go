package resourcepool

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestErrPoolClosedIsNetErrClosed(t *testing.T) {
	if !errors.Is(ErrPoolClosed, net.ErrClosed) || errors.Is(ErrPoolClosed, errFake) {
		t.Fatal("errors.Is does not say so")
	}
}

// Close must leave nobody behind, in whatever queue.
func TestCloseRefusesWaitersOfAllKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		held := hold(t, p)
		forHolder := startGet(held)
		forSlot := startGet(p.Create(&thing{}))
		behind := startGet(forSlot.r)
		failing := p.Create(&thing{})
		failing.r.state.W.Or(markSuspect) // as after a failed Allocate
		inLane := startGet(failing)
		failing2 := p.Create(&thing{})
		failing2.r.state.W.Or(markSuspect)
		lane := startGet(failing2) // the lane is one wide
		acquire := startAcquire(p, 1)
		g := p.NewGroup("g", 1, func() AllocateReleaser { return &thing{} })
		ofGroup, ofGroupToo := startGroupGet(t.Context(), g), startGroupGet(t.Context(), g)
		for _, x := range []*getter{forHolder, forSlot, behind, inLane, lane} {
			x.wantWaiting(t)
		}
		if failing2.r.state.InLane || p.p.lane.queue.oldest == nil {
			t.Fatal("the second suspect does not wait in the lane")
		}
		testkit.WantErr(t, "Close", p.Close(), nil)
		for _, x := range []*getter{forHolder, forSlot, behind, inLane, lane} {
			x.wantDone(t, ErrPoolClosed)
		}
		acquire.wantDone(t, ErrPoolClosed)
		if ofGroup.err != ErrPoolClosed || ofGroupToo.err != ErrPoolClosed {
			t.Fatal(ofGroup.err, ofGroupToo.err)
		}
		if p.p.everyone.first != nil || p.p.lane.count != 0 || g.g.live.Load() != 0 || g.g.openings.oldest != nil {
			t.Fatal("somebody is left behind")
		}
		held.Put()
		wantSize(t, p, 0, 0)
		auditAtRest(t, p, []*Resource{held, forSlot.r, failing, failing2})
	})
}

func TestClosedPoolRefusesAllVerbs(t *testing.T) {
	p := New(2, "")
	idle := parked(t, p, 1, plainThing)[0]
	testkit.WantErr(t, "Close", p.Close(), nil)
	testkit.WantErr(t, "second Close", p.Close(), nil)
	testkit.WantErr(t, "Get", idle.Get(nil), ErrPoolClosed)
	testkit.WantErr(t, "immediate Get", idle.Get(MakeImmediateCanceler()), ErrPoolClosed)
	testkit.WantErr(t, "GetContext", idle.GetContext(t.Context()), ErrPoolClosed)
	testkit.WantErr(t, "Acquire", p.Acquire(t.Context(), 1), ErrPoolClosed)
	if p.TryAcquire(1) || idle.TryGet() {
		t.Fatal("served")
	}
	g := p.NewGroup("g", 0, func() AllocateReleaser { return &thing{} })
	if _, err := g.Get(t.Context()); err != ErrPoolClosed {
		t.Fatal(err)
	}
	p.SetMax(5)
	wantSize(t, p, 0, 0)
	testkit.WantErr(t, "Shutdown", p.Shutdown(t.Context()), nil)
}

func TestCloseReleasesIdleOnesNowAndOthersAtTheirPut(t *testing.T) {
	p := New(4, "")
	f, idle := &thing{}, &thing{}
	held := p.Create(f)
	mustGet(t, held)
	parked(t, p, 1, func() *thing { return idle })
	if !p.TryAcquire(1) {
		t.Fatal("no slot")
	}
	testkit.WantErr(t, "Close", p.Close(), nil)
	if idle.releases.Load() != 1 || f.releases.Load() != 0 {
		t.Fatal("released what is in use, or not what is idle")
	}
	wantSize(t, p, 2, 0)
	held.Put()
	if f.releases.Load() != 1 {
		t.Fatal("parked in a closed pool")
	}
	p.Free(1)
	wantSize(t, p, 0, 0)
}

func TestShutdownWaitsForUsersUntilItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(4, "")
		sub := p.Sub(2, "")
		held, inner := hold(t, p), hold(t, sub)
		testkit.WantErr(t, "Acquire", p.Acquire(t.Context(), 2), nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		short := start(func() error { return p.Shutdown(ctx) })
		long := start(func() error { return p.Shutdown(context.Background()) })
		testkit.WantErr(t, "Get", p.Create(&thing{}).Get(nil), ErrPoolClosed)
		time.Sleep(time.Second)
		if w := wantWaitError(t, short.result(t), context.DeadlineExceeded); !w.Timeout() || w.Taken != 4 {
			t.Fatalf("%+v", w)
		}
		held.Put()
		p.Free(2)
		long.wantWaiting(t)
		inner.Put()
		long.wantDone(t, nil)
	})
}

func TestBlockedReleaseDoesNotHoldAShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		block := make(chan struct{})
		parked(t, p, 1, func() *thing { return &thing{release: func() error { <-block; return nil }} })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		x := start(func() error { return p.Shutdown(ctx) })
		time.Sleep(time.Second)
		wantWaitError(t, x.result(t), context.DeadlineExceeded)
		close(block)
		testkit.WantErr(t, "Shutdown", p.Shutdown(t.Context()), nil)
	})
}

func TestPanicInAReleaseIsShutdowns(t *testing.T) {
	p := New(2, "")
	parked(t, p, 2, func() *thing { return &thing{release: func() error { panic("fake panic") }} })
	testkit.WantPanic(t, "fake panic", func() { p.Shutdown(t.Context()) })
	wantSize(t, p, 0, 0)
}

// useOneWay is one of the three ways to have slots: a resource, a group's member, or slots alone.
func useOneWay(way int, p *Pool, g *Group, r *Resource) error {
	switch way {
	case 0:
		if err := r.Get(nil); err != nil {
			return err
		}
		r.Put()
	case 1:
		m, err := g.Get(context.Background())
		if err != nil {
			return err
		}
		g.Put(m, m.Generation())
	default:
		if err := p.Acquire(context.Background(), 2); err != nil {
			return err
		}
		p.Free(2)
	}
	return nil
}

func TestCloseBesideUsersDrains(t *testing.T) {
	for i := range 30 {
		p := New(4, "")
		sub := p.Sub(3, "")
		stop := watchdog(p, 0)
		over := make(chan struct{})
		stress(t, 2*time.Millisecond, 6, func(id int, _ func() bool) {
			pool := p
			if id%2 == 0 {
				pool = sub
			}
			g := pool.NewGroup("g", 2, func() AllocateReleaser { return &thing{} })
			r := pool.Create(&thing{})
			for n := id; ; n++ {
				if err := useOneWay(n%3, pool, g, r); err != nil {
					testkit.WantErr(t, "verb of a closed pool", err, ErrPoolClosed)
					return
				}
			}
		}, func(n int) {
			if n == 0 {
				go func() {
					defer close(over)
					time.Sleep(time.Duration(i%5) * 300 * time.Microsecond)
					_ = p.Shutdown(context.Background())
				}()
			}
		})
		<-over
		stop()
		wantSize(t, p, 0, 0)
		wantSize(t, sub, 0, 0)
	}
}
