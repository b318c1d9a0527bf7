package resourcepool

import (
	"testing"
	"testing/synctest"

	"github.com/slotpool/slotpool/internal/testkit"
)

// With a million in use a Get that may not wait is told so, and the one slot that a Put makes
// available is not missed: by who waits, by who comes after it, and in a sub-pool.
func TestMillionInUseAndOnePutMissNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const slots = 1_000_000
	synctest.Test(t, func(t *testing.T) {
		p := New(slots, "")
		all := make([]*Resource, slots)
		for i := range all {
			all[i] = p.Create(nothing{})
			mustGet(t, all[i])
		}
		closed := make(chan struct{})
		close(closed)
		x, y := p.Create(&thing{}), p.Create(&thing{})
		testkit.WantErr(t, "with all in use", x.Get(closed), ErrorResourceLimitExceeded)
		if n := p.p.idle.Candidates(); n != 0 {
			t.Errorf("the next search looks at %d in use again", n)
		}
		waits := startGet(x)
		waits.wantWaiting(t)
		all[slots/2].Put()
		waits.wantDone(t, nil)
		wantPhases(t, map[*Resource]uint64{all[slots/2]: phaseEmpty, x: phaseInUse})

		all[0].Put()
		testkit.WantErr(t, "after a Put", y.Get(closed), nil)
		wantPhases(t, map[*Resource]uint64{all[0]: phaseEmpty, y: phaseInUse})

		z := p.Sub(1, "").Create(&thing{})
		testkit.WantErr(t, "in a sub-pool", z.Get(closed), ErrorResourceLimitExceeded)
		all[slots-1].Put()
		testkit.WantErr(t, "in a sub-pool after a Put", z.Get(closed), nil)
		wantPhases(t, map[*Resource]uint64{all[slots-1]: phaseEmpty, z: phaseInUse})
	})
}

func wantPhases(t *testing.T, want map[*Resource]uint64) {
	t.Helper()
	for r, phase := range want {
		if got := phaseOf(r.r.state.W.Load()); got != phase {
			t.Errorf("phase %d, want %d", got, phase)
		}
	}
}
