package resourcepool

import (
	"testing"
	"testing/synctest"
	"time"
)

// dear is a target whose Allocate is known to have taken long.
type dear struct{ nothing }

func (dear) Allocate() error {
	time.Sleep(20 * time.Millisecond) // by the clock of a bubble
	return nil
}

// TestSearchForAVictimIsNoUse has searches pass an idle resource again and again, which
// changes its word: marks are taken off, uses are counted out of it, and a dear one pays with
// its age. Who has seen it must not take that for a use.
func TestSearchForAVictimIsNoUse(t *testing.T) {
	for name, target := range map[string]AllocateReleaser{"cheap": nothing{}, "dear": dear{}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testSearchIsNoUse(t, target) })
		})
	}
}

// testSearchIsNoUse is for a bubble, where an Allocate costs exactly what it sleeps.
func testSearchIsNoUse(t *testing.T, target AllocateReleaser) {
	p := New(3, "")
	kept := p.Create(target)
	for range 4 {
		mustGetQuick(t, kept)
		kept.Put()
	}
	var others []*Resource
	for range 20 {
		others = append(others, p.Create(nothing{}))
	}
	before, word := kept.Seen(), kept.r.state.W.Load()
	passed := false
	for i := 0; kept.Seen().Idle && i < 1000; i++ {
		o := others[i%len(others)]
		mustGetQuick(t, o)
		o.Put()
		now := kept.Seen()
		passed = passed || now.Idle && kept.r.state.W.Load() != word
		if now.Idle && now != before {
			t.Fatalf("after %d evictions of others the sight is %+v, it was %+v", i, now, before)
		}
	}
	if !passed {
		t.Error("no search has passed the resource")
	}
}

func TestSeenTellsAUse(t *testing.T) {
	p := New(1, "")
	r := p.Create(nothing{})
	mustGetQuick(t, r)
	r.Put()
	before := r.Seen()
	mustGetQuick(t, r)
	if s := r.Seen(); s.Idle || !s.InUse {
		t.Errorf("in use, and seen as %+v", s)
	}
	r.Put()
	if s := r.Seen(); !s.Idle || s == before {
		t.Errorf("used meanwhile, and seen as %+v and before as %+v", s, before)
	}
}
