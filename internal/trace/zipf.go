package trace

import (
	"math"
	"math/rand/v2"
	"slices"
)

// zipf draws ranks from 0 to n-1, rank k with a probability proportional to
// 1/(k+1)^exponent. Unlike rand.Zipf it takes exponents of 1 and less.
func zipf(rng *rand.Rand, n int, exponent float64) func() uint32 {
	cumulated := make([]float64, n)
	sum := 0.0
	for k := range cumulated {
		sum += math.Pow(float64(k+1), -exponent)
		cumulated[k] = sum
	}
	return func() uint32 {
		k, _ := slices.BinarySearch(cumulated, rng.Float64()*sum)
		return uint32(min(k, n-1))
	}
}
