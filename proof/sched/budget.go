package sched

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// shares are the parts of the time that each test of the scenarios has. What has no
// part here has one.
var shares = map[string]int{
	"TestExplore":                       6,
	"TestExploreWide":                   10,
	"TestExploreRandomPrograms":         4,
	"TestExploreHistories":              2,
	"TestExploreParallelHistories":      1,
	"TestExploreGroupHistories":         2,
	"TestExploreParallelGroupHistories": 1,
	"TestExploreShared":                 3,
	"TestExploreShortage":               2,
	"TestExploreOverdue":                3,
	"TestExploreShard":                  2,
}

func shareOf(test string) int { return max(shares[test], 1) }

// Budget is how long the exploration of t may take by Spent: its part of EXPLORE_FOR, which is for all
// that go test's -run and -skip select.
func Budget(t testing.TB) time.Duration {
	d, err := time.ParseDuration(env("EXPLORE_FOR", "20s"))
	if err != nil {
		t.Fatalf("EXPLORE_FOR: %v", err)
	}
	return part(d, t.Name(), selectionOf(t))
}

func part(d time.Duration, test string, which selection) time.Duration {
	all := 0
	for name, n := range shares {
		if name != test && which.selects(name) {
			all += n
		}
	}
	own := shareOf(test)
	return d * time.Duration(own) / time.Duration(all+own)
}

// Seed is the first seed.
func Seed(t testing.TB) uint64 {
	n, err := strconv.ParseUint(env("EXPLORE_SEED", "1"), 10, 64)
	if err != nil {
		t.Fatalf("EXPLORE_SEED: %v", err)
	}
	return n
}

func env(name, otherwise string) string {
	if s := os.Getenv(name); s != "" {
		return s
	}
	return otherwise
}
