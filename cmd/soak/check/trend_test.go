//go:build linux

package check

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestTrendFindsGrowth(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var s Series
	for i := range 5000 {
		s.Add(float64(i), 50+0.01*float64(i)+rnd.NormFloat64()*3)
	}
	if len(s.blocks) > mostBlocks {
		t.Errorf("%d blocks", len(s.blocks))
	}
	r := TrendOf(s.Points())
	if r.Low > 0.01 || r.High < 0.01 || !r.Grows(40) || r.Grows(60) {
		t.Errorf("a growth of 0.01 a second over 5000 s gave %+v", r)
	}
}

// Figures that wander, as they do while faults come and go, must not pass for
// growth: at a confidence of 99 %, on one side, it is to be one in 200.
func TestTrendAccusesNoNoise(t *testing.T) {
	const runs = 400
	accused := 0
	for seed := range uint64(runs) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		var s Series
		level := 0.0
		for i := range 2000 {
			level = 0.9*level + rnd.NormFloat64()
			s.Add(float64(i), 50+level)
		}
		if TrendOf(s.Points()).Grows(0) {
			accused++
		}
	}
	if accused > runs/40 {
		t.Errorf("%d of %d runs of noise passed for growth", accused, runs)
	}
}

func TestTrendNeedsPoints(t *testing.T) {
	for _, n := range []int{0, 1, fewestPoints - 1} {
		var s Series
		for i := range n {
			s.Add(float64(i), float64(i))
		}
		if r := TrendOf(s.Points()); r.Possible || r.Grows(0) {
			t.Errorf("%d points gave %+v", n, r)
		}
	}
	var flat Series
	for i := range 100 {
		flat.Add(float64(i), 7)
	}
	if r := TrendOf(flat.Points()); !r.Possible || r.Grows(0) || math.Abs(r.Slope) > 1e-9 {
		t.Errorf("a constant gave %+v", r)
	}
}
