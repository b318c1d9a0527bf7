// Package trace measures which rule for choosing a victim needs the fewest
// dials. It makes seeded traces of Gets, simulates fixed rules on them, and
// drives a real pool over the same traces.
package trace

import "math/rand/v2"

// Slots is the number of slots the traces are made for, and Accesses the
// usual length of one. Traces draw from about ten addresses a slot.
const (
	Slots    = 1000
	Accesses = 1_000_000
)

// Step is one Get. Its user first puts what it held since its own last step.
type Step struct {
	Address uint32
	User    uint8
}

// Trace is a sequence of Gets. No user gets what another one holds, so that a
// single goroutine can follow it.
type Trace struct {
	Name      string
	Slots     int
	Addresses int // all addresses are below it
	Users     int
	Steps     []Step
}

// Source gives the address of the i'th access, one by user. It is called with
// ascending i, and again with the same i if another user holds the address.
type Source func(i, user int) uint32

// Spec is a trace yet to be made.
type Spec struct {
	Name  string
	Users int // at most 256
	Open  func(*rand.Rand) Source
}

// Make returns the trace of n accesses. Equal arguments make equal traces.
func (s Spec) Make(n int) Trace {
	rng := rand.New(rand.NewPCG(1, 2))
	source := s.Open(rng)
	t := Trace{Name: s.Name, Slots: Slots, Users: s.Users, Steps: make([]Step, n)}
	held := make([]uint32, s.Users) // address + 1, 0 for none
	for i := range t.Steps {
		user := 0
		if s.Users > 1 {
			user = rng.IntN(s.Users)
		}
		held[user] = 0
		address := source(i, user)
		for contains(held, address+1) {
			address = source(i, user)
		}
		if s.Users > 1 {
			held[user] = address + 1
		}
		t.Steps[i] = Step{Address: address, User: uint8(user)}
		t.Addresses = max(t.Addresses, int(address)+1)
	}
	return t
}

func contains(held []uint32, a uint32) bool {
	for _, h := range held {
		if h == a {
			return true
		}
	}
	return false
}
