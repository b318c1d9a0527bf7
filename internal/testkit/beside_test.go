package testkit

import (
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	var s spread
	for n := range 10_000 {
		s.add(time.Duration(n) * time.Microsecond)
	}
	s.add(-1)
	s.add(1 << 62)
	for q, want := range map[float64]float64{0: 0, 0.0003: 2e3, 0.5: 5e6, 0.9999: 9.999e6} {
		if got := s.quantile(q); got > want || got < want*0.96 {
			t.Errorf("quantile %v is %v, want %v and at most 4 %% less", q, got, want)
		}
	}
	if got := s.quantile(0.99999); got != 1<<62 {
		t.Errorf("the longest is %v", got)
	}
}
