package testpool

import (
	"testing"

	"github.com/slotpool/slotpool/resourcepool"
)

// Million is a pool with a million residents, all idle, and what is measured in it.
type Million struct {
	Pool *resourcepool.Pool

	Idle     func() // gets and puts one of a thousand that are idle
	Evicting func() // gets and puts one that is no resident, which evicts another
}

// NewMillion makes one. It takes some hundred megabytes.
func NewMillion(b *testing.B) Million {
	b.Helper()
	const slots = 1_000_000
	p := resourcepool.New(slots, "million")
	all := make([]*resourcepool.Resource, slots+slots/4)
	for i := range all {
		all[i] = p.Create(&Thing{})
	}
	use := func(r *resourcepool.Resource) {
		if err := r.Get(nil); err != nil {
			b.Fatal(err)
		}
		r.Put()
	}
	for _, r := range all {
		use(r)
	}
	some := make([]*resourcepool.Resource, 1000)
	for i := range some {
		some[i] = Get(b, p)
		some[i].Put()
	}
	evicting, idle := 0, 0
	return Million{p, func() { idle++; use(some[idle%len(some)]) }, func() { evicting++; use(all[evicting%len(all)]) }}
}
