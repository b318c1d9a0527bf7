//go:build explore

package resourcepool

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/evict"
	"github.com/slotpool/slotpool/proof/sched"
)

// randomProgram has two to four users who each have one resource at a time, so
// that all of them come to an end.
func randomProgram(seed uint64) program {
	rng := rand.New(rand.NewPCG(seed, 2026))
	resources := 1 + rng.IntN(4)
	p := program{
		name:   fmt.Sprintf("program %d", seed),
		slots:  1 + rng.IntN(min(resources, 3)),
		counts: 1 << rng.IntN(2),
		lists:  1,
		expert: rng.IntN(evict.Experts() + 1),
	}
	if p.counts > 1 {
		p.lists = 1 << rng.IntN(2)
	}
	var users []string
	n := 2 + rng.IntN(3)
	releases := rng.IntN(3) == 0 // of what others have
	for range n {
		users = append(users, randomUser(rng, resources, n, releases))
	}
	// What is a cancellable wait for good in the users above ends by this one.
	for u := range n {
		users[n-1] += " x" + string(rune('A'+u))
	}
	p.users = strings.Join(users, " | ")
	for r := range resources {
		if rng.IntN(2) == 0 && r < p.slots {
			p.first += fmt.Sprintf("g%c p%c ", 'a'+r, 'a'+r)
		}
	}
	return p
}

// randomUser returns what one of n users does.
func randomUser(rng *rand.Rand, resources, n int, releases bool) string {
	name := func() string { return string(rune('a' + rng.IntN(resources))) }
	var words []string
	for range 1 + rng.IntN(3) {
		r := name()
		words = append(words, pick(rng, "g", "g", "g", "c", "c", "n", "t", "f", "F")+r)
		switch rng.IntN(10) {
		case 0:
			words = append(words, "l"+r)
		case 1:
			words = append(words, "s"+r, "p"+r)
		case 2:
			words = append(words, pick(rng, "w", "W")+r, "p"+r)
		case 3:
			words = append(words, "D"+r, "l"+r)
		default:
			words = append(words, "p"+r)
		}
		switch rng.IntN(8) {
		case 0:
			words = append(words, pick(rng, "x", "m")+string(rune('A'+rng.IntN(n))))
		case 1:
			words = append(words, "s"+name())
		case 2:
			words = append(words, "S")
		case 3:
			if releases {
				words = append(words, "r"+name())
			}
		}
	}
	return strings.Join(words, " ")
}

func pick(rng *rand.Rand, from ...string) string { return from[rng.IntN(len(from))] }

// TestExploreRandomPrograms takes one program after the other, each with a number
// of schedules. EXPLORE_PROGRAM=n replays that of seed n alone, under
// EXPLORE_SCHEDULE if that is set.
func TestExploreRandomPrograms(t *testing.T) {
	if s := os.Getenv("EXPLORE_PROGRAM"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("EXPLORE_PROGRAM: %v", err)
		}
		p := randomProgram(n)
		t.Logf("%+v", p)
		sched.Suite(t, []sched.Scenario{{Name: p.name, SetUp: p.setUp}})
		return
	}
	end := sched.Spent() + sched.Budget(t)
	schedules, programs := 0, 0
	first := sched.Seed(t)
	for seed := first; programs == 0 || sched.Spent() < end; seed++ {
		p := randomProgram(seed)
		rep, f := sched.Explore(p.setUp, sched.Options{For: 20 * time.Millisecond, NoSearch: true, Seed: seed * 1000})
		schedules += rep.Schedules
		programs++
		if f != nil {
			t.Fatalf("EXPLORE_PROGRAM=%d %+v: %v", seed, p, f)
		}
	}
	t.Logf("%d programs from seed %d, %d schedules", programs, first, schedules)
}
