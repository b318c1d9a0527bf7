//go:build linux

package check

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Series keeps a bounded number of means over equal stretches of time of a
// figure, however long it goes on: when it is full, neighbours are merged.
type Series struct {
	blocks []block
	size   int // samples to a block
}

type block struct {
	n    int
	t, y float64 // sums
}

const mostBlocks = 256

// Add takes in y, as it was at time t.
func (s *Series) Add(t, y float64) {
	if s.size == 0 {
		s.size = 1
		s.blocks = make([]block, 0, mostBlocks)
	}
	last := len(s.blocks) - 1
	if last >= 0 && s.blocks[last].n < s.size {
		b := &s.blocks[last]
		b.n, b.t, b.y = b.n+1, b.t+t, b.y+y
		return
	}
	if len(s.blocks) == mostBlocks {
		for i := range mostBlocks / 2 {
			a, b := s.blocks[2*i], s.blocks[2*i+1]
			s.blocks[i] = block{a.n + b.n, a.t + b.t, a.y + b.y}
		}
		s.blocks = s.blocks[:mostBlocks/2]
		s.size *= 2
	}
	s.blocks = append(s.blocks, block{1, t, y})
}

// Points returns the means and their times.
func (s *Series) Points() (t, y []float64) {
	for _, b := range s.blocks {
		t = append(t, b.t/float64(b.n))
		y = append(y, b.y/float64(b.n))
	}
	return t, y
}

// Trend is a straight line through a series.
type Trend struct {
	Slope    float64 `json:"slope"` // a second
	Low      float64 `json:"low"`   // confidence interval of the slope
	High     float64 `json:"high"`
	Mean     float64 `json:"mean"`
	Span     float64 `json:"span"` // seconds from the first point to the last
	Points   int     `json:"points"`
	Effect   float64 `json:"effective"` // number of independent points
	Possible bool    `json:"possible"`  // there are enough
}

const (
	trendConfidence = 0.99
	fewestPoints    = 8
	fewestEffective = 5.0
)

// TrendOf fits a line by least squares. Points near in time resemble each
// other, as faults come and go, so their number is reduced to that of
// independent ones by the correlation of neighbouring residuals; else noise
// would pass for growth.
func TrendOf(t, y []float64) Trend {
	n := len(t)
	r := Trend{Points: n}
	if n < fewestPoints {
		return r
	}
	r.Mean, r.Span = stat.Mean(y, nil), t[n-1]-t[0]
	intercept, slope := stat.LinearRegression(t, y, nil, false)
	r.Slope = slope
	residuals := make([]float64, n)
	var squares, neighbours float64
	for i := range t {
		residuals[i] = y[i] - intercept - slope*t[i]
		squares += residuals[i] * residuals[i]
		if i > 0 {
			neighbours += residuals[i] * residuals[i-1]
		}
	}
	r.Effect = float64(n)
	if squares > 0 {
		correlation := min(max(neighbours/squares, 0), 0.99)
		r.Effect *= (1 - correlation) / (1 + correlation)
	}
	if r.Effect < fewestEffective || r.Span <= 0 {
		return r
	}
	r.Possible = true
	spread := stat.Variance(t, nil) * float64(n-1)
	// The residuals' variance has the degrees of freedom of the independent
	// points alone, which widens the interval as it should.
	deviation := math.Sqrt(squares / (r.Effect - 2) / spread)
	half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: r.Effect - 2}.Quantile((1+trendConfidence)/2) * deviation
	r.Low, r.High = slope-half, slope+half
	return r
}

// Grows reports whether the series certainly grew by more than floor over its
// span: the whole confidence interval is above that.
func (r Trend) Grows(floor float64) bool {
	return r.Possible && r.Low*r.Span > floor
}

// Describe is for the verdict: growth an hour, in units of scale.
func (r Trend) Describe(unit string, scale float64) string {
	if !r.Possible {
		return fmt.Sprintf("too few independent points to tell (%.1f of %d)", r.Effect, r.Points)
	}
	perHour := 3600 / scale
	return fmt.Sprintf("%+.3g %s/h (%.0f%% confidence %+.3g to %+.3g), mean %.4g, over %.0f s",
		r.Slope*perHour, unit, trendConfidence*100, r.Low*perHour, r.High*perHour, r.Mean/scale, r.Span)
}
