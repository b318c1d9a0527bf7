package trace

import (
	"fmt"
	"time"
)

// Rule chooses victims. For every step of a trace the simulation calls Put of
// what the user held, and then either Hit, or Insert of an address that has no
// slot, after a Victim if there is no free one.
type Rule interface {
	// Hit tells of a Get of an address that has a slot.
	Hit(address uint32)

	// Victim names an address that has a slot and is not held. It loses its
	// slot to incoming.
	Victim(incoming uint32) uint32

	// Insert tells that address has a slot now.
	Insert(address uint32)

	// Put tells that address is idle. It is not held until the next Hit.
	Put(address uint32)
}

// NewRule makes a Rule for the trace. held tells whether an address has a user
// at the moment; the one that Victim makes room for has no slot yet.
type NewRule func(t *Trace, held func(uint32) bool) Rule

// NamedRule is a column of the table.
type NamedRule struct {
	Name string
	New  NewRule
}

// Rules are the fixed rules, Belady's optimum first.
func Rules() []NamedRule {
	return []NamedRule{
		{"Belady", NewBelady},
		{"random", NewRandom},
		{"LRU", NewLRU},
		{"newest", NewNewest},
		{"SIEVE", NewSieve},
		{"S3-FIFO", NewS3FIFO},
	}
}

// Dials runs the rule over the trace and returns how many Gets had to dial. It
// panics if the rule names an address that is held or has no slot.
func Dials(t *Trace, newRule NewRule) int {
	dials := 0
	run(t, newRule, func(uint32) { dials++ })
	return dials
}

// RuleCost is Dials with what the dials cost.
func RuleCost(t *Trace, costs []time.Duration, newRule NewRule) (c Cost) {
	run(t, newRule, func(a uint32) {
		c.Dials++
		c.Time += costs[a]
	})
	return c
}

func run(t *Trace, newRule NewRule, dial func(address uint32)) {
	resident := make([]bool, t.Addresses)
	held := make([]bool, t.Addresses)
	holds := make([]int, t.Users) // address + 1 of each user
	rule := newRule(t, func(a uint32) bool { return held[a] })
	used := 0
	for _, step := range t.Steps {
		if old := holds[step.User]; old != 0 {
			held[old-1] = false
			rule.Put(uint32(old - 1))
		}
		a := step.Address
		if resident[a] {
			rule.Hit(a)
		} else {
			if used < t.Slots {
				used++
			} else {
				victim := rule.Victim(a)
				if !resident[victim] || held[victim] {
					panic(fmt.Sprintf("trace: victim %d is held or has no slot", victim))
				}
				resident[victim] = false
			}
			dial(a)
			resident[a] = true
			rule.Insert(a)
		}
		held[a] = true
		holds[step.User] = int(a) + 1
	}
}
