package trace

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestTracesAreSeeded(t *testing.T) {
	for _, spec := range Specs() {
		a, b := spec.Make(10_000), spec.Make(10_000)
		if !slices.Equal(a.Steps, b.Steps) {
			t.Errorf("%s: two traces of one seed differ", spec.Name)
		}
		longer := spec.Make(20_000)
		if !slices.Equal(longer.Steps[:10_000], a.Steps) {
			t.Errorf("%s: a longer trace begins differently", spec.Name)
		}
	}
}

// TestUsersHoldApart follows who holds what.
func TestUsersHoldApart(t *testing.T) {
	for _, spec := range Specs() {
		trace := spec.Make(20_000)
		holds := slices.Repeat([]int{-1}, trace.Users)
		seen := map[uint8]bool{}
		for i, step := range trace.Steps {
			holds[step.User] = -1
			if slices.Contains(holds, int(step.Address)) {
				t.Fatalf("%s: at step %d, %d is held by another", spec.Name, i, step.Address)
			}
			holds[step.User] = int(step.Address)
			seen[step.User] = true
		}
		if len(seen) != spec.Users {
			t.Errorf("%s: %d users, want %d", spec.Name, len(seen), spec.Users)
		}
	}
}

func TestZipfFollowsItsLaw(t *testing.T) {
	const n, draws = 100, 1_000_000
	for _, exponent := range []float64{0.7, 0.9, 1.1} {
		draw := zipf(rand.New(rand.NewPCG(5, 6)), n, exponent)
		counts := make([]float64, n)
		for range draws {
			counts[draw()]++
		}
		sum := 0.0
		for k := range counts {
			sum += math.Pow(float64(k+1), -exponent)
		}
		for k, got := range counts {
			want := draws * math.Pow(float64(k+1), -exponent) / sum
			if math.Abs(got-want) > 5*math.Sqrt(want) {
				t.Errorf("exponent %.1f: rank %d drawn %.0f times, want about %.0f", exponent, k, got, want)
			}
		}
	}
}

// TestSharesOfReuses holds the rules against the shares that another program
// found for these traces. It seems not to have counted the first Gets, which
// matters for newest on the moving hot set: the first set fits.
func TestSharesOfReuses(t *testing.T) {
	if testing.Short() {
		t.Skip("needs traces of full length")
	}
	const warmUp = 100_000
	rules := []NamedRule{{"random", NewRandom}, {"newest", NewNewest}, {"LRU", NewLRU}, {"SIEVE", NewSieve}}
	want := map[string][4]float64{
		"zipf 0.7":                        {.295, .100, .329, .445},
		"zipf 0.9":                        {.511, .108, .557, .651},
		"zipf 1.1":                        {.742, .132, .780, .831},
		"zipf 0.9, one third a scan":      {.279, .036, .313, .421},
		"round robin over 1.2x the slots": {.686, .833, .000, .000},
		"round robin over 2.0x the slots": {.203, .500, .000, .000},
		"half zipf 0.9, half round robin": {.328, .093, .213, .316},
		"moving hot set, in jumps":        {.968, .002, .984, .935},
	}
	found := 0
	for _, spec := range Specs() {
		shares, ok := want[spec.Name]
		if !ok {
			continue
		}
		found++
		trace := spec.Make(Accesses)
		first := trace
		first.Steps = trace.Steps[:warmUp]
		for i, r := range rules {
			got := 1 - float64(Dials(&trace, r.New)-Dials(&first, r.New))/(Accesses-warmUp)
			t.Logf("%s, %s: %.3f, shared %.3f", spec.Name, r.Name, got, shares[i])
			if math.Abs(got-shares[i]) > 0.01 {
				t.Errorf("%s, %s: share of reuses %.3f, want %.3f", spec.Name, r.Name, got, shares[i])
			}
		}
	}
	if found != len(want) {
		t.Errorf("%d of %d traces found", found, len(want))
	}
}
