package resourcepool

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestRenewKeepsItsPlaceBeforeOthersWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(1, ""), 1, 1)
		r := l.get(t)
		x := startGroupGet(t.Context(), l.Group)
		l.made[0].end = make(chan error)
		var again *Resource
		renewal := start(func() (err error) { again, err = l.Renew(context.Background(), r); return err })
		l.made[0].end <- nil
		renewal.wantDone(t, nil)
		x.wantWaiting(t)
		if again != r || l.made[0].releases.Load() != 1 || l.made[0].allocations.Load() != 2 {
			t.Fatal("not renewed")
		}
		l.put(again)
		x.wantDone(t, nil)
		l.put(x.r)
		l.wantQuiet(t, 1)
	})
}

func TestRenewThatFailsFreesTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(1, ""), 0, 1)
		r := l.get(t)
		l.made[0].end = make(chan error)
		renewal := start(func() error { _, err := l.Renew(context.Background(), r); return err })
		l.made[0].end <- errFake
		renewal.wantDone(t, errFake)
		l.wantQuiet(t, 0)
		l.put(r) // late: does nothing
		testkit.WantPanic(t, "Resource was not gotten", func() { l.Renew(t.Context(), r) })
		l.wantQuiet(t, 0)
	})
}

func TestRenewIsServedByAPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(2, ""), 0, 2)
		a, b := l.get(t), l.get(t)
		l.made[0].end = make(chan error)
		var got *Resource
		renewal := start(func() (err error) { got, err = l.Renew(context.Background(), a); return err })
		renewal.wantWaiting(t)
		l.put(b)
		renewal.wantDone(t, nil)
		if got != b {
			t.Fatal("not what was put")
		}
		l.made[0].end <- nil
		l.put(b)
		l.wantQuiet(t, 2)
	})
}

func TestRenewInAClosedPoolReleases(t *testing.T) {
	p := New(1, "")
	l := newLines(p, 0, 1)
	r := l.get(t)
	testkit.WantErr(t, "Close", p.Close(), nil)
	_, err := l.Renew(t.Context(), r)
	testkit.WantErr(t, "Renew", err, ErrPoolClosed)
	wantSize(t, p, 0, 0)
}

// What was put while a Get dialled came from another user, so it is asked about
// although that Get's own would not be.
func TestDeadMemberThatIsHandedOverIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(2, ""), 0, 1)
		r := l.get(t)
		x := startGroupGet(t.Context(), l.Group) // begins an allocation
		l.made[0].alive = func() bool { return false }
		l.put(r)
		x.wantDone(t, nil)
		if x.r != r || l.made[0].allocations.Load() != 2 {
			t.Fatalf("handed over dead: %d allocations", l.made[0].allocations.Load())
		}
		l.made[1].end <- nil
		l.made[0].alive = nil
		l.put(x.r)
		l.wantQuiet(t, 2)
	})
}
