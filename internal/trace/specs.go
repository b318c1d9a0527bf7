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
		{"moving hot set, in jumps", 1, jumpingHotSet},
		{"moving hot set, sliding", 1, slidingHotSet},
		{"flips: round robin 1.2x, zipf 0.9", 1, flips},
		burstSpec(1),
		burstSpec(8),
		burstSpec(64),
	}
}

func zipfSpec(exponent float64) Spec {
	return Spec{fmt.Sprintf("zipf %.1f", exponent), 1, func(rng *rand.Rand) Source {
		draw := zipf(rng, population, exponent)
		return func(int, int) uint32 { return draw() }
	}}
}

func roundRobinSpec(factor float64) Spec {
	name := fmt.Sprintf("round robin over %.1fx the slots", factor)
	n := int(factor * Slots)
	return Spec{name, 1, func(*rand.Rand) Source {
		return func(i, _ int) uint32 { return uint32(i % n) }
	}}
}

// scans mixes zipf traffic with a scan, again and again, of other addresses.
func scans(rng *rand.Rand) Source {
	const scanned = 20 * Slots
	draw := zipf(rng, population, 0.9)
	at := uint32(0)
	return func(int, int) uint32 {
		if rng.IntN(3) > 0 {
			return draw()
		}
		at = (at + 1) % scanned
		return population + at
	}
}

// zipfAndRoundRobin mixes zipf traffic with polling of as many other
// addresses as there are slots.
func zipfAndRoundRobin(rng *rand.Rand) Source {
	draw := zipf(rng, population, 0.9)
	at := uint32(0)
	return func(int, int) uint32 {
		if rng.IntN(2) > 0 {
			return draw()
		}
		at = (at + 1) % Slots
		return population + at
	}
}

// jumpingHotSet draws evenly from a set that is exchanged as a whole.
func jumpingHotSet(rng *rand.Rand) Source {
	const width, stay = 0.8 * Slots, 50_000
	return func(i, _ int) uint32 { return uint32(i/stay*width + rng.IntN(width)) }
}

// slidingHotSet draws evenly from a window that moves on by one address at a
// time.
func slidingHotSet(rng *rand.Rand) Source {
	const width, stay = 0.8 * Slots, 62
	return func(i, _ int) uint32 { return uint32((i/stay + rng.IntN(width)) % population) }
}

// flips changes between polling and zipf every 200,000 accesses.
func flips(rng *rand.Rand) Source {
	const phase, polled = 200_000, 1.2 * Slots
	draw := zipf(rng, population, 0.9)
	return func(i, _ int) uint32 {
		if i/phase%2 == 0 {
			return uint32(i % polled)
		}
		return draw()
	}
}

// burstSpec has users who each hold a connection until their next step, on
// average for as many steps as there are users. A user works in bursts: about
// a hundred Gets among few addresses, then others.
func burstSpec(users int) Spec {
	const width, length = 20, 100
	return Spec{fmt.Sprintf("bursts, users that hold: %d", users), users, func(rng *rand.Rand) Source {
		draw := zipf(rng, population, 0.7)
		sets := make([][width]uint32, users)
		begin := func(set *[width]uint32) {
			for i := range set {
				set[i] = draw()
			}
		}
		for user := range sets {
			begin(&sets[user])
		}
		return func(_, user int) uint32 {
			if rng.IntN(length) == 0 {
				begin(&sets[user])
			}
			return sets[user][rng.IntN(width)]
		}
	}}
}
