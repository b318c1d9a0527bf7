package resourcepool

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// hung is a group whose first Allocates end with their context, or when they are told to.
type hung struct {
	*Group
	begun int // Allocates
	ended int // of these, by their context
	end   chan error
}

type hungMember struct {
	checked
	of *hung
}

func (m *hungMember) AllocateContext(ctx context.Context) error {
	m.of.begun++
	select {
	case err := <-m.of.end:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		m.of.ended++
		return ctx.Err()
	}
	return m.Allocate()
}

func newHung(p *Pool, n int) (all []*hung) {
	for i := range n {
		h := &hung{end: make(chan error)}
		h.Group = p.NewGroup(fmt.Sprint(i), 0, func() AllocateReleaser { return &hungMember{of: h} })
		all = append(all, h)
	}
	return all
}

func wantBegun(t *testing.T, all []*hung, want ...int) {
	t.Helper()
	synctest.Wait()
	for i, h := range all {
		if h.begun != want[i] {
			t.Fatalf("%d dials of the %dth, want %d", h.begun, i, want[i])
		}
	}
}

func begunOf(all []*hung) (n int) {
	for _, h := range all {
		n += h.begun
	}
	return n
}

// As many hosts as there are slots do not answer, and users wait for them as long as they
// may. A healthy one waits until it is known that they take long, and not until they end.
func TestFirstDialsOfDeadHostsDoNotKeepAllSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slots, hosts = 16, 20
		p := New(slots, "") // a lane of two
		dead := newHung(p, hosts)
		ctx, cancel := context.WithCancel(t.Context())
		var gets []*groupGetter
		for _, h := range dead {
			gets = append(gets, startGroupGet(ctx, h.Group))
		}
		if n := begunOf(dead); n != slots {
			t.Fatalf("%d dial, want %d", n, slots)
		}
		healthy := healthyBeside(t, p, slots-2)
		for range 2 {
			time.Sleep(time.Minute)
			for _, r := range healthy {
				if !r.TryGet() {
					t.Fatal("a healthy one was evicted")
				}
				r.Put()
			}
		}
		for _, g := range gets {
			g.wantWaiting(t) // none was told
		}
		cancel()
		time.Sleep(time.Minute)
		for _, h := range dead { // one dial of each that began is left alone
			select {
			case h.end <- errFake:
			default:
			}
		}
		wantLane(t, p, 0)
		if p.p.lane.leaving != 0 {
			t.Fatalf("%d leaving", p.p.lane.leaving)
		}
	})
}

// healthyBeside parks n resources of a pool whose slots are all with hosts that do not answer. Four
// more of these stand before them, and have their turn.
func healthyBeside(t *testing.T, p *Pool, n int) (healthy []*Resource) {
	t.Helper()
	var gets []*getter
	for range n {
		healthy = append(healthy, p.Create(&thing{}))
		gets = append(gets, startGet(healthy[len(healthy)-1]))
	}
	time.Sleep(overstayed - time.Nanosecond)
	for _, g := range gets {
		g.wantWaiting(t)
	}
	time.Sleep(overstayed + overstaying)
	for i, g := range gets {
		g.wantDone(t, nil)
		healthy[i].Put()
	}
	for range 4 { // one that was served in another's slot makes room for both
		for _, r := range healthy {
			mustGet(t, r)
			r.Put()
		}
		time.Sleep(overstaying)
	}
	wantLane(t, p, 2)
	return healthy
}

// What was let in by the lane is let be, or a slow host would never be reached.
func TestDialInTheLaneIsNotEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(2, "") // a lane of one
		all := newHung(p, 3)
		x, y := startGroupGet(t.Context(), all[0].Group), startGroupGet(t.Context(), all[1].Group)
		healthyComes(t, p)
		wantBegun(t, all, 1, 1, 0) // one of them was ended, and waits in the lane
		first, second, third := all[0], all[1], all[2]
		if first.ended != 1 {
			first, second, x, y = second, first, y, x
		}
		second.end <- nil
		y.wantDone(t, nil)
		wantBegun(t, []*hung{first, second}, 2, 1)
		second.Put(y.r, y.r.Generation())
		time.Sleep(time.Millisecond) // so that it would be the first to go
		z := startGroupGet(t.Context(), third.Group)
		healthyComes(t, p)
		time.Sleep(time.Minute)
		wantBegun(t, []*hung{first, second, third}, 2, 1, 1)
		if first.ended != 1 || third.ended != 1 {
			t.Fatalf("%d and %d were ended, want one of each", first.ended, third.ended)
		}
		first.end <- nil
		x.wantDone(t, nil)
		wantBegun(t, []*hung{third}, 2)
		third.end <- nil
		z.wantDone(t, nil)
		first.Put(x.r, x.r.Generation())
		third.Put(z.r, z.r.Generation())
		wantLane(t, p, 0)
		wantUsage(t, p, 0, 2, 0)
	})
}

// healthyComes has a healthy Get wait until one of the dials is ended, as it is in its way.
func healthyComes(t *testing.T, p *Pool) {
	t.Helper()
	r := p.Create(&thing{})
	g := startGet(r)
	time.Sleep(overstayed)
	g.wantDone(t, nil)
	testkit.WantErr(t, "Release", r.Release(), nil)
}

// A slow host's dials were ended though the lane had room, or though nobody wanted a slot.
func TestDialsThatAreInNobodysWayAreNotEnded(t *testing.T) {
	for _, c := range []struct{ slots, hosts uint }{{16, 2}, {16, 15}} {
		synctest.Test(t, func(t *testing.T) {
			p := New(c.slots, "") // a lane of two
			all := newHung(p, int(c.hosts))
			var gets []*groupGetter
			for _, h := range all {
				gets = append(gets, startGroupGet(t.Context(), h.Group))
			}
			if c.hosts == 2 {
				parked(t, p, 14, plainThing)
			}
			time.Sleep(time.Minute)
			for i, h := range all {
				if h.ended != 0 {
					t.Fatal("one was ended")
				}
				h.end <- nil
				gets[i].wantDone(t, nil)
				h.Put(gets[i].r, gets[i].r.Generation())
			}
			wantLane(t, p, 0)
		})
	}
}

// A dial that succeeds in the moment in which it is ended serves its Get, and what was begun
// in its stead comes to nothing.
func TestDialThatSucceedsAsItIsEndedServesItsGet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(2, "")
		l, other := newLines(p, 0, 0), newLines(p, 0, 0) // which do not heed their contexts
		x, y := startGroupGet(t.Context(), l.Group), startGroupGet(t.Context(), other.Group)
		healthy := startGet(p.Create(&thing{}))
		time.Sleep(overstayed)
		synctest.Wait()
		close(healthy.cancel)
		healthy.wantDone(t, ErrorResourceLimitExceeded)
		if l.made[0].ctx.Err() == nil {
			l, other, x, y = other, l, y, x
		}
		if l.made[0].ctx.Err() == nil || other.made[0].ctx.Err() != nil {
			t.Fatal("not one of them was ended")
		}
		if p.p.lane.leaving != 1 || p.p.lane.queue.oldest == nil {
			t.Fatal("nobody leaves, or nobody waits in the lane")
		}
		l.made[0].end <- nil
		x.wantDone(t, nil)
		if p.p.lane.leaving != 0 || p.p.lane.queue.oldest != nil {
			t.Fatal("one leaves, or waits in the lane")
		}
		other.made[0].end <- nil
		y.wantDone(t, nil)
		l.put(x.r)
		other.put(y.r)
		wantUsage(t, p, 0, 2, 0)
		wantLane(t, p, 0)
	})
}

// A dial that has ended itself, or that nobody waits for, is not begun again.
func TestDialThatIsEndedWithoutAGetIsNotBegunAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(2, "")
		all := newHung(p, 2)
		ctx, cancel := context.WithCancel(t.Context())
		startGroupGet(ctx, all[0].Group)
		startGroupGet(ctx, all[1].Group)
		cancel()
		healthyComes(t, p)
		wantBegun(t, all, 1, 1)
		if all[0].ended+all[1].ended != 1 {
			t.Fatalf("%d were ended, want one", all[0].ended+all[1].ended)
		}
		testkit.WantErr(t, "Close", p.Close(), nil) // ends the other
		synctest.Wait()
		wantLane(t, p, 0)
		wantUsage(t, p, 0, 0, 0)
	})
}
