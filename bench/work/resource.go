package work

import (
	"runtime"
	"testing"
)

// Alone is one user of one resource: Get and Put with nobody else about.
func Alone(b *testing.B, all []Contender) {
	s := Shape{Slots: 64, Resources: 1}
	a := axes{users: 1, slots: s.Slots, addresses: 1, hold: HoldNot}
	each(b, all, a, s, func(b *testing.B, p Pool) {
		walkers(b, []func(int){p.Walk(same(0))})
	})
}

// Parallel is a user for each thread that may run Go code, with a resource
// each, and slots for all.
func Parallel(b *testing.B, all []Contender) {
	users := runtime.GOMAXPROCS(0)
	s := Shape{Slots: 64, Resources: 64}
	a := axes{users: users, slots: s.Slots, addresses: users, hold: HoldNot}
	each(b, all, a, s, func(b *testing.B, p Pool) {
		walks := make([]func(int), users)
		for u := range walks {
			walks[u] = p.Walk(same(u))
		}
		walkers(b, walks)
	})
}

// Wide is one user who visits many idle resources in random order, with a
// slot for each.
func Wide(b *testing.B, all []Contender) {
	for _, n := range []int{100, 10_000, 1_000_000} {
		wander(b, all, Shape{Slots: n, Resources: n, Exact: true})
	}
}

// Evicting is one user who visits more resources than there are slots, in
// random order, so that nearly each Get takes another's slot.
func Evicting(b *testing.B, all []Contender) {
	wander(b, all, Shape{Slots: 8, Resources: 1024, Exact: true})
}

// wander is one user who visits all resources in random order, once before
// the clock starts, so that what can be allocated is.
func wander(b *testing.B, all []Contender, s Shape) {
	a := axes{users: 1, slots: s.Slots, addresses: s.Resources, hold: HoldNot}
	order := shuffled(s.Resources)
	each(b, all, a, s, func(b *testing.B, p Pool) {
		walk := p.Walk(order)
		walk(len(order))
		walkers(b, []func(int){walk})
	})
}

const (
	crowdUsers = 64
	crowdSlots = 8
)

type crowded struct {
	users []User
	gate  *gate
	hold  Hold
}

// scene is how a crowd behaves.
type scene struct {
	hold   Hold
	queued bool
}

func (c scene) start() string {
	if c.queued {
		return "queued"
	}
	return "free"
}

// crowd is 64 users of 8 slots, once with a resource for each user, so that a
// Get takes another's slot, and once with 8 resources that they share. The
// pools of interchangeable things have, in the first, one pool of 8, and in
// the second a pool for each resource. In a queued scene all users wait when
// the clock starts; else they find the slots free.
func crowd(b *testing.B, all []Contender, scenes []scene, body func(b *testing.B, c crowded)) {
	for _, s := range []Shape{
		{Slots: crowdSlots, Resources: crowdUsers},
		{Slots: crowdSlots, Resources: crowdSlots, Exact: true},
	} {
		for _, sc := range scenes {
			s.Waits = sc.queued
			a := axes{users: crowdUsers, slots: s.Slots, addresses: s.Resources, hold: sc.hold,
				more: "start=" + sc.start()}
			each(b, all, a, s, func(b *testing.B, p Pool) {
				c := crowded{users: make([]User, crowdUsers), hold: sc.hold}
				for u := range c.users {
					c.users[u] = p.User(u % s.Resources)
				}
				if sc.queued {
					c.gate = newGate(p, s)
				}
				body(b, c)
			})
		}
	}
}

// Contended is throughput and fairness of a crowd.
func Contended(b *testing.B, all []Contender) {
	crowd(b, all, []scene{{HoldNot, false}, {HoldNot, true}, {HoldYield, true}}, func(b *testing.B, c crowded) {
		served := compete(b, len(c.users), c.gate, func(u int) {
			c.users[u].Get()
			c.hold.keep()
			c.users[u].Put()
		})
		reportFairness(b, served)
	})
}

// Wait is how long a Get in a crowd takes.
func Wait(b *testing.B, all []Contender) {
	crowd(b, all, []scene{{HoldNot, true}, {HoldYield, true}, {HoldSleep, true}}, func(b *testing.B, c crowded) {
		clocks := newStopwatches(len(c.users))
		compete(b, len(c.users), c.gate, func(u int) {
			clocks[u].time(c.users[u].Get)
			c.hold.keep()
			c.users[u].Put()
		})
		clocks.report(b)
	})
}
