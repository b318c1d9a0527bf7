//go:build explore

// Package resourcepool has the scenarios of the library's package of this name. They are run in
// a copy of it: see proof/README.md.
package resourcepool

import (
	"testing"

	"github.com/slotpool/slotpool/proof/sched"
)

// To cover a new step of the protocol, add a program here that has the fewest
// users and resources that can go wrong in it.
var programs = []program{
	// The search by b of A sets a aside, so that its Put has to push it. Who gets a
	// before that, and puts it after a waiter has looked for it in vain, must look.
	{name: "put generation before another's push", slots: 1, first: "ga nb", users: "pa | ga pa | gb pb"},
	{name: "put before another's push", slots: 1, first: "ga nb", users: "pa | gb pb | ga pa"},
	// Who frees a slot must look for waiters after that: one who is counted before may have found none.
	{name: "slot freed while its waiter is counted", slots: 1, first: "ga", users: "la | gb lb"},
	{name: "two on one slot", slots: 1, users: "ga pa | gb pb"},
	{name: "three on one slot", slots: 1, users: "ga pa | gb pb | gc pc"},
	{name: "three on two slots", slots: 2, users: "ga pa | gb pb | gc pc"},
	{name: "three on two slots of two shards", slots: 2, counts: 2, lists: 2, users: "ga pa | gb pb | gc pc"},
	{name: "two twice", slots: 1, users: "ga pa ga pa | gb pb gb pb"},
	{name: "idle before", slots: 1, first: "ga pa", users: "ga pa | gb pb | ga pa"},
	{name: "one resource", slots: 1, users: "ga pa | ga pa | ga pa"},
	{name: "one resource and a slot waiter", slots: 1, users: "ga pa | ga pa | gb pb"},
	{name: "cancelled slot wait", slots: 1, first: "ga", users: "pa | cb pb xB | mB | gc pc"},
	{name: "put against cancelled slot wait", slots: 1, users: "ga pa | cb pb | xB | gc pc"},
	{name: "put against cancelled wait", slots: 1, users: "ga pa | ca pa | xB | gb pb"},
	{name: "cancelled hand-over to the next", slots: 1, users: "ga pa | ca pa | xB | ga pa"},
	{name: "canceler with one message", slots: 1, users: "ga pa | cb pb | mB | ga pa"},
	{name: "immediate", slots: 1, users: "ga pa na pa | nb pb | gb pb"},
	{name: "release of an idle one", slots: 1, first: "ga pa", users: "ra | gb pb | ga pa"},
	{name: "release in use", slots: 1, users: "ga la | ga pa | gb pb"},
	{name: "release by another", slots: 1, users: "ga pa | ra | gb pb"},
	{name: "scheduled release", slots: 1, users: "ga pa | sa | gb pb"},
	{name: "scheduled release of a victim", slots: 1, first: "ga pa", users: "cb pb | xA | sa | ga pa"},
	{name: "failing Allocate", slots: 1, users: "fa pa | gb pb | ga pa"},
	{name: "panicking Allocate", slots: 1, users: "Fa pa | gb pb | fa pa"},
	{name: "Allocate that ends its goroutine", slots: 1, users: "Ga pa | gb pb | ga pa"},
	{name: "panicking Release of a victim", slots: 1, first: "ga Da pa", users: "gb pb | ga pa | gc pc"},
	{name: "renew", slots: 1, users: "ga wa pa | ga pa | gb pb"},
	{name: "failing renew", slots: 1, users: "ga Wa | ga pa | gb pb"},
	{name: "renew against release", slots: 1, first: "ga pa", users: "ga wa pa | ra | sa"},
	{name: "trying while released", slots: 2, first: "ga pa gb pb", users: "gc pc | na pa | fb pb"},
	{name: "trying while evicted", slots: 1, first: "ga pa", users: "fb pb | na pa | na pa"},
	{name: "two searches", slots: 2, first: "ga pa gb pb", users: "gc pc | gd pd | ga pa"},
	{name: "filter meets a user", slots: 2, first: "ga pa gb pb", users: "ga pa ga pa | gc pc | gd pd", expert: 2},
	{name: "duel meets a user", slots: 2, first: "ga pa gb pb", users: "ga pa ga pa | gc pc | gd pd", expert: 1},
	{name: "least-recent meets a user", slots: 2, first: "ga pa gb pb", users: "ga pa ga pa | gc pc | gd pd", expert: 4},
	{name: "a slot each, two", slots: 2, counts: 2, lists: 1, each: true, users: "na la na pa | nb lb nb pb"},
	{name: "a slot each, two, parked", slots: 2, counts: 2, lists: 2, each: true, first: "ga pa gb pb", users: "nc pc na la | nd pd nb lb"},
	{name: "a slot each, three", slots: 3, counts: 2, lists: 2, each: true, users: "na la | nb pb nc lc | nd sd pd"},
	{name: "a slot each, one resource each", slots: 2, counts: 2, lists: 1, each: true, first: "ga pa gb pb", users: "nc lc nc pc | nb pb nb sb pb"},
	{name: "figures", slots: 1, users: "ga pa | gb wb pb | S S"},
	{name: "stale put", slots: 1, users: "ga ra pa | ga pa | ra"},
	{name: "try", slots: 1, first: "ga pa", users: "ta pa | gb pb | ta pa"},
	{name: "expel against enqueue", slots: 1, first: "ga pa ga", users: "la | ga pa | ca pa | xC"},
	{name: "release while another allocates", slots: 2, users: "ga pa | ra | sa | na pa"},
	{name: "heir of an heir", slots: 1, first: "ga", users: "la | ca pa | ga pa | xB"},
}

func TestExplore(t *testing.T) { explorePrograms(t, programs) }

func explorePrograms(t *testing.T, programs []program) {
	var all []sched.Scenario
	for _, p := range programs {
		all = append(all, sched.Scenario{Name: p.name, MaxBound: p.bound, SetUp: p.setUp})
	}
	sched.Suite(t, all)
}
