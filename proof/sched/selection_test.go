package sched

import (
	"testing"
	"time"
)

func selecting(t *testing.T, run, skip string) (s selection) {
	t.Helper()
	var err error
	if run != "" {
		if s.run, err = patterns(run); err != nil {
			t.Fatal(err)
		}
	}
	if skip != "" {
		if s.skip, err = patterns(skip); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestSelectionIsThatOfGoTest(t *testing.T) {
	for _, c := range []struct {
		run, skip, test string
		want            bool
	}{
		{"", "", "TestExplore/two on one slot", true},
		{"Explore", "", "TestExplore/two on one slot", true},
		{"TestExplore$/put", "", "TestExplore/put before another's push", true},
		{"TestExplore$/put", "", "TestExplore/two twice", false},
		{"TestExplore$/put", "", "TestExploreWide/shrink against put", false},
		{"TestExplore/two_on", "", "TestExplore/two on one slot", true},
		{"A|B", "", "B", true},
		{"(A|B)/x", "", "B/x", true},
		{"A/x|B", "", "B/y", true},
		{"A/x|B", "", "A/y", false},
		{"[|/]", "", "A", false},
		{"A/x", "", "A", true}, // runs, as it may have an x
		{"", "A/x", "A", true},
		{"", "A/x", "A/x", false},
		{"", "A", "A/x", false},
		{`A\|B`, "", "A", false},
	} {
		if got := selecting(t, c.run, c.skip).selects(c.test); got != c.want {
			t.Errorf("-run %q -skip %q of %q: %v", c.run, c.skip, c.test, got)
		}
	}
	if _, err := patterns("("); err == nil {
		t.Error("no error for what is no expression")
	}
}

// The time went to tests that -run left out, too.
func TestTimeOfOneTestIsAllIfItAloneIsSelected(t *testing.T) {
	for _, c := range []struct {
		run, test string
		want      time.Duration
	}{
		{"TestExplore$", "TestExplore", time.Minute},
		{"TestExplore$/put", "TestExplore", time.Minute},
		{"TestExploreHistories$|TestExploreShard", "TestExploreHistories", time.Minute / 2},
		{"Other", "TestOther", time.Minute},
	} {
		if got := part(time.Minute, c.test, selecting(t, c.run, "")); got != c.want {
			t.Errorf("-run %s: %s has %v", c.run, c.test, got)
		}
	}
	var sum time.Duration
	for test := range shares {
		sum += part(time.Minute, test, selection{})
	}
	if sum > time.Minute || sum < time.Minute-time.Microsecond {
		t.Errorf("all together have %v", sum)
	}
}

func TestSuiteGivesTheTimeToWhatIsSelected(t *testing.T) {
	t.Setenv("EXPLORE_FOR", "20ms")
	runs := map[string]int{}
	scenario := func(name string) Scenario {
		return Scenario{Name: name, SetUp: func(s *Test) {
			runs[name]++
			s.Go("user", func() { Yield() })
		}}
	}
	Suite(t, []Scenario{scenario("one thing"), scenario("other")})
	if runs["one thing"] == 0 || runs["other"] == 0 {
		t.Error(runs)
	}
}
