package resourcepool

import (
	"math"
	"testing"
	"testing/synctest"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestCapBoundsTheMembersThatHaveASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(8, ""), 2, 8)
		a, b := l.get(t), l.get(t)
		x, y := startGroupGet(t.Context(), l.Group), startGroupGet(t.Context(), l.Group)
		if n := l.p.p.slotWaiters.Load(); n != 0 {
			t.Fatalf("%d at the cap wait for a slot", n)
		}
		l.put(a)
		x.wantDone(t, nil)
		y.wantWaiting(t)
		b.ReleaseGeneration(b.Generation()) // room for another member
		y.wantDone(t, nil)
		if len(l.made) != 2 {
			t.Fatalf("%d members made for 2 at once", len(l.made))
		}
		l.put(x.r)
		l.put(y.r)
		l.wantQuiet(t, 2)
	})
}

// The second Get shared the first one's allocation for want of room, and went on
// waiting for it alone when there was room.
func TestGetBeginsItsOwnAllocationWhenThereIsRoomAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(8, ""), 2, 1)
		held := l.get(t)
		x, y := startGroupGet(t.Context(), l.Group), startGroupGet(t.Context(), l.Group)
		if len(l.made) != 2 {
			t.Fatalf("%d members", len(l.made))
		}
		held.ReleaseGeneration(held.Generation())
		synctest.Wait()
		if !x.done.Load() && !y.done.Load() {
			t.Fatal("neither is served by the member that there is room for")
		}
		l.made[1].end <- nil
		x.wantDone(t, nil)
		y.wantDone(t, nil)
		l.put(x.r)
		l.put(y.r)
		l.wantQuiet(t, 2)
	})
}

func TestEvictedMemberIsNotHandedOut(t *testing.T) {
	p := New(2, "")
	l := newLines(p, 0, 8)
	a, b := l.get(t), l.get(t)
	l.put(a)
	l.put(b)
	others := []*Resource{p.Create(&thing{}), p.Create(&thing{})}
	for _, r := range others {
		mustGet(t, r) // evicts both
	}
	if l.TryGet() != nil {
		t.Fatal("got an evicted one")
	}
	for _, r := range others {
		r.Put()
	}
	l.get(t)
	l.get(t)
	if len(l.made) != 2 {
		t.Fatalf("%d members made: the evicted ones were not used again", len(l.made))
	}
	wantUsage(t, p, 2, 0, 0)
}

// claimVictim is the first step of an eviction.
func claimVictim(p *Pool) *resource {
	p.p.waitLock.Lock()
	defer p.p.waitLock.Unlock()
	return p.p.claimFrom(nil)
}

// The eviction was called off while a Get looked at the member.
func TestVictimThatIsTakenBackIsGottenOnce(t *testing.T) {
	p := New(1, "")
	l := newLines(p, 0, 8)
	m := l.get(t)
	l.put(m)
	victim := claimVictim(p)
	if victim != &m.r {
		t.Fatal("not the victim")
	}
	if l.TryGet() != nil { // takes it off the stack
		t.Fatal("got a victim")
	}
	victim.unclaim()
	if l.TryGet() != m {
		t.Fatal("lost")
	}
	if l.TryGet() != nil {
		t.Fatal("on the stack twice")
	}
	l.put(m)
	victim = claimVictim(p)
	victim.unclaim() // while it lies on the stack
	if l.TryGet() != m || l.TryGet() != nil {
		t.Fatal("lost, or on the stack twice")
	}
	wantUsage(t, p, 1, 0, 0)
}

// The eviction was called off while a Get looked at the member, and another waited for its own
// opening's slot: the member was closed, to open another.
func TestVictimThatIsTakenBackIsNotClosedForItsOwnGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		l := newLines(p, 0, 8)
		m := l.get(t)
		l.put(m)
		victim := claimVictim(p)
		popped := l.g.idle.pop(l.g) // of a TryGet that goes on below
		if victim != &m.r || popped != l.g.of(victim) {
			t.Fatal("not the victim")
		}
		x := startGroupGet(t.Context(), l.Group)
		victim.unclaim()
		popped.loose.And(^isStacked)
		if !victim.claim(true) {
			t.Fatal("closed for an opening of its own group")
		}
		x.wantWaiting(t)
		l.put(m)
		x.wantDone(t, nil)
		if x.r != m || l.made[0].allocations.Load() != 1 {
			t.Fatal("not what was put")
		}
		l.put(x.r)
		l.wantQuiet(t, 1)
	})
}

// The tag of a stack wraps; its neighbour in the word must not change with it.
func TestMemberStackTagsWrap(t *testing.T) {
	p := New(3, "")
	l := newLines(p, 0, 8)
	all := []*Resource{l.get(t), l.get(t), l.get(t)}
	l.g.idle.top.Store((math.MaxUint32 - 2) * oneTag)
	for range 4 {
		for _, r := range all {
			l.put(r)
		}
		for i := range all {
			if l.TryGet() != all[len(all)-1-i] {
				t.Fatal("not the newest")
			}
		}
		if l.TryGet() != nil {
			t.Fatal("more than were put")
		}
	}
}

func TestScheduledMemberIsReleasedAtItsPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(1, ""), 1, 8)
		r := l.get(t)
		x := startGroupGet(t.Context(), l.Group)
		testkit.WantErr(t, "ScheduleRelease", r.ScheduleRelease(), nil)
		l.put(r)
		x.wantDone(t, nil)
		if l.made[0].releases.Load() != 1 || l.made[0].allocations.Load() != 2 {
			t.Fatal("handed over")
		}
		l.put(x.r)
		l.wantQuiet(t, 1)
	})
}

func TestGroupTryGetAllocatesNothing(t *testing.T) {
	l := newLines(New(1, ""), 0, 1)
	p := New(1, "")
	g := p.NewGroup("g", 0, func() AllocateReleaser { return &thing{} })
	l.Group, l.p = g, p
	l.put(l.get(t))
	if n := testing.AllocsPerRun(100, func() {
		r := g.TryGet()
		g.Put(r, r.Generation())
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
