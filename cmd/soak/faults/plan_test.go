//go:build linux

package faults

import (
	"reflect"
	"testing"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/load"
)

func TestPlanIsPure(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e"}
	one := MakePlan(1, time.Hour, names)
	if !reflect.DeepEqual(one, MakePlan(1, time.Hour, names)) {
		t.Error("one seed gave two plans")
	}
	if reflect.DeepEqual(one, MakePlan(2, time.Hour, names)) {
		t.Error("two seeds gave one plan")
	}
}

func TestPlanFillsDuration(t *testing.T) {
	all, err := Parse("all", true)
	if err != nil {
		t.Fatal(err)
	}
	for _, faults := range [][]string{nil, all[:1], all} {
		for _, d := range []time.Duration{time.Second, 10 * time.Second, time.Minute, 46 * time.Minute, 8 * time.Hour} {
			at := time.Duration(0)
			plan := MakePlan(3, d, faults)
			for i, w := range plan {
				if w.Start != at || w.Length <= 0 {
					t.Fatalf("%v, %d faults: window %d is %+v, want it to start at %v", d, len(faults), i, w, at)
				}
				at += w.Length
			}
			if at != d {
				t.Errorf("%v, %d faults: the plan ends at %v", d, len(faults), at)
			}
			if first, last := plan[0], plan[len(plan)-1]; len(first.Faults)+len(last.Faults) != 0 {
				t.Errorf("%v: faults in the first or last window: %+v, %+v", d, first, last)
			}
		}
	}
}

func TestPlanHasEachFaultAloneAndMixed(t *testing.T) {
	all, err := Parse("all", true)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []time.Duration{time.Minute, time.Hour} {
		alone, mixed := map[string]bool{}, 0
		for _, w := range MakePlan(4, d, all) {
			if len(w.Faults) == 1 {
				alone[w.Faults[0]] = true
			}
			if len(w.Faults) > 1 {
				mixed++
			}
		}
		if len(alone) != len(all) || mixed < mixedWindows {
			t.Errorf("%v: %d of %d faults alone, %d windows with several", d, len(alone), len(all), mixed)
		}
	}
}

// TestHealthyHostsAreJudgedWithinAMinute: a run of a minute has a window without a fault
// that is long enough, before all others, and one with dead hosts alone.
func TestHealthyHostsAreJudgedWithinAMinute(t *testing.T) {
	all, err := Parse("all", true)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(20) {
		var quiet, dead time.Duration
		plan := MakePlan(seed, time.Minute, all)
		for _, w := range plan {
			switch phaseOf(w) {
			case load.PhaseQuiet:
				quiet = max(quiet, w.Length-quietAfter)
			case load.PhaseDead:
				dead += w.StrikeTime()
			}
		}
		if quiet < 2*time.Second || dead < 900*time.Millisecond || phaseOf(plan[1]) != load.PhaseQuiet {
			t.Errorf("seed %d: %v quiet, %v with dead hosts; after the warm-up comes %+v", seed, quiet, dead, plan[1])
		}
	}
}
