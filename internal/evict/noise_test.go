package evict

import (
	"math"
	"math/rand/v2"
	"testing"
)

// noisy multiplies a cost by a factor that is drawn anew for each dial, of e^sigma
// one way or the other.
func noisy(of func(i int) int64, sigma float64) func(i int) int64 {
	rng := rand.New(rand.NewPCG(5, 11))
	return func(i int) int64 {
		e := rng.NormFloat64() * sigma
		return int64(float64(of(i)) * math.Exp(e))
	}
}

// A machine that is busy makes equal dials look unequal. Who believed that dialled
// 17,700 to 18,300 times here, and 15,101 times without costs.
func TestNoiseIsNotTakenForCost(t *testing.T) {
	dials := func(costs func(int) int64) (sum int) {
		r := newRig(t, 100, 1, 2000)
		r.costs = costs
		for _, i := range visits(30_000) {
			r.visit(i)
		}
		for _, n := range r.dials {
			sum += n
		}
		return sum
	}
	without := dials(nil)
	for _, sigma := range []float64{0.5, 1, 2} {
		with := dials(noisy(func(int) int64 { return 200_000 }, sigma))
		t.Logf("sigma %g: %d dials, %d without costs", sigma, with, without)
		if with*100 > without*102 {
			t.Errorf("sigma %g: %d dials, %d without costs", sigma, with, without)
		}
	}
}

// Noise that is small against the differences hides none of them.
func TestCostsAreSeenThroughNoise(t *testing.T) {
	total := func(told func(i int) int64) (sum int64) {
		r := newRig(t, 100, 1, 2000)
		r.costs = told
		for _, i := range visits(30_000) {
			r.visit(i)
		}
		for i, n := range r.dials {
			sum += int64(n) * everyTenthDear(i)
		}
		return sum
	}
	without := total(nil)
	for _, sigma := range []float64{0, 0.5, 1} {
		with := total(noisy(everyTenthDear, sigma))
		t.Logf("sigma %g: %d%% of the time of dials without costs", sigma, with*100/without)
		if with*100 > without*85 {
			t.Errorf("sigma %g: %d ns of dials, %d without costs", sigma, with, without)
		}
	}
}

func everyTenthDear(i int) int64 {
	if i%10 == 0 {
		return 150_000_000
	}
	return 100_000
}

func TestWorth(t *testing.T) {
	var o noise
	for _, cost := range []uint8{1, 10, 20, 63} {
		if o.worth(cost) != cost {
			t.Errorf("%d counts for %d before anything is known", cost, o.worth(cost))
		}
	}
	for range 300 {
		o.learn(17, 17)
		o.learn(27, 27)
	}
	if o.worth(17) != 17 || o.worth(27) != 27 {
		t.Errorf("without noise 17 counts for %d, 27 for %d", o.worth(17), o.worth(27))
	}
	for i := range 1000 {
		o.learn(uint8(17+i%2*5), uint8(17+i/2%2*5))
	}
	if o.worth(17) != o.worth(22) {
		t.Errorf("of noise alone 17 counts for %d, 22 for %d", o.worth(17), o.worth(22))
	}
}
