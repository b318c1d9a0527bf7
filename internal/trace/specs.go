package trace

import (
	"fmt"
	"math/rand/v2"
)

const population = 10_000 // addresses of the zipf traces

// Specs are the traces of the eviction table, in its order.
func Specs() []Spec {
	return []Spec{
		zipfSpec(0.7),
		zipfSpec(0.9),
		zipfSpec(1.1),
		{"zipf 0.9, one third a scan", 1, scans},
		roundRobinSpec(1.2),
		roundRobinSpec(2),
		roundRobinSpec(3),
		{"half zipf 0.9, half round robin", 1, zipfAndRoundRobin},
		{"moving hot set", 1, movingHotSet},
		{"flips: round robin 1.2x, zipf 0.9", 1, flips},
		burstSpec(1),
		burstSpec(8),
		burstSpec(64),
	}
}

func zipfSpec(exponent float64) Spec {
	return Spec{fmt.Sprintf("zipf %.1f", exponent), 1, func(rng *rand.Rand) Source {
		draw := zipf(rng, population, exponent)
		return func(int) uint32 { return draw() }
	}}
}

func roundRobinSpec(factor float64) Spec {
	name := fmt.Sprintf("round robin over %.1fx the slots", factor)
	n := int(factor * Slots)
	return Spec{name, 1, func(*rand.Rand) Source {
		return func(i int) uint32 { return uint32(i % n) }
	}}
}

// burstSpec has users who each hold a connection for a while: at every step
// one of them, drawn at random, changes its own for another.
func burstSpec(users int) Spec {
	s := zipfSpec(0.9)
	return Spec{fmt.Sprintf("zipf 0.9, %d holding", users), users, s.Open}
}

// scans mixes zipf with a scan of all addresses, again and again.
func scans(rng *rand.Rand) Source {
	draw := zipf(rng, population, 0.9)
	at := uint32(0)
	return func(int) uint32 {
		if rng.IntN(3) > 0 {
			return draw()
		}
		at = (at + 1) % population
		return at
	}
}

// zipfAndRoundRobin polls addresses of its own beside the zipf traffic.
func zipfAndRoundRobin(rng *rand.Rand) Source {
	const polled = 1.2 * Slots
	draw := zipf(rng, population, 0.9)
	at := uint32(0)
	return func(int) uint32 {
		if rng.IntN(2) > 0 {
			return draw()
		}
		at = (at + 1) % polled
		return population + at
	}
}

// movingHotSet draws evenly from a window that moves on by one address now
// and then.
func movingHotSet(rng *rand.Rand) Source {
	const width, stay = 600, 62
	return func(i int) uint32 {
		return uint32((i/stay + rng.IntN(width)) % population)
	}
}

// flips changes between polling and zipf every 200,000 accesses.
func flips(rng *rand.Rand) Source {
	const phase, polled = 200_000, 1.2 * Slots
	draw := zipf(rng, population, 0.9)
	return func(i int) uint32 {
		if i/phase%2 == 0 {
			return uint32(i % polled)
		}
		return draw()
	}
}
