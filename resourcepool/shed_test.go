package resourcepool

import (
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestReleaseIdleReleasesSoManyAndNoMore(t *testing.T) {
	p := New(8, "")
	held := hold(t, p)
	parked(t, p, 4, plainThing)
	if n := p.ReleaseIdle(0); n != 0 {
		t.Fatalf("%d released", n)
	}
	if n := p.ReleaseIdle(3); n != 3 {
		t.Fatalf("%d released", n)
	}
	wantUsage(t, p, 1, 1, 0)
	if n := p.ReleaseIdle(^uint(0)); n != 1 {
		t.Fatalf("%d released", n)
	}
	wantUsage(t, p, 1, 0, 0)
	wantSize(t, p, 8, 8)
	testkit.WantErr(t, "Release", held.Release(), nil)
}

func TestReleaseIdleSparesWhatIsReused(t *testing.T) {
	p := New(8, "")
	p.p.clock = func() time.Duration { return 0 } // or one that the machine made slow is spared
	all := parked(t, p, 8, plainThing)
	for range 3 {
		for _, r := range all[:4] {
			mustGet(t, r)
			r.Put()
		}
	}
	if n := p.ReleaseIdle(4); n != 4 {
		t.Fatalf("%d released", n)
	}
	for i, r := range all {
		if idle := phaseOf(r.r.state.W.Load()) == phaseIdle; idle != (i < 4) {
			t.Errorf("resource %d: idle %v", i, idle)
		}
	}
}
