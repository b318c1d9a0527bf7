package sched

import (
	"os"
	"testing"
	"time"
)

// A Scenario is a few goroutines that use what is to be explored.
type Scenario struct {
	Name     string
	MaxBound int // of preemptions, 0: 6
	NoPrune  bool
	SetUp    func(*Test)
}

// Suite explores each scenario that go test's -run and -skip select for an equal part of
// the time that the test has. Some are explored to the end in less time. What they leave
// over goes to the later ones. With EXPLORE_SCHEDULE it replays that schedule instead.
func Suite(t *testing.T, scenarios []Scenario) {
	end := Spent() + Budget(t)
	which := selectionOf(t)
	left := 0
	for _, s := range scenarios {
		if which.selects(t.Name() + "/" + s.Name) {
			left++
		}
	}
	for _, s := range scenarios {
		selected := which.selects(t.Name() + "/" + s.Name)
		started := false
		ok := t.Run(s.Name, func(t *testing.T) {
			started = true
			if schedule := os.Getenv("EXPLORE_SCHEDULE"); schedule != "" {
				if f := Replay(s.SetUp, schedule); f != nil {
					t.Fatal(f)
				}
				return
			}
			one(t, s, (end-Spent())/time.Duration(max(left, 1)))
		})
		if started != selected && !t.Failed() {
			t.Fatalf("%s: selected %v, run %v: the time was divided wrongly", s.Name, selected, started)
		}
		if started {
			left--
		}
		if !ok && os.Getenv("EXPLORE_ALL") == "" {
			return // EXPLORE_ALL goes on after a failure
		}
	}
}

func one(t *testing.T, s Scenario, d time.Duration) {
	bound := s.MaxBound
	if bound == 0 {
		bound = 6
	}
	began := time.Now()
	rep, f := Explore(s.SetUp, Options{For: d, MaxBound: bound, Seed: Seed(t), NoPrune: s.NoPrune})
	if f != nil {
		t.Fatalf("after %v: %v", rep, f)
	}
	t.Logf("%v in %v", rep, time.Since(began).Round(time.Millisecond))
}
