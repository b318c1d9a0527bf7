package work

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// stopwatches are one histogram for each user, so that users do not meet in
// them. A histogram holds waits up to a minute to three significant digits.
type stopwatches []stopwatch

type stopwatch struct{ waits *hdrhistogram.Histogram }

func newStopwatches(users int) stopwatches {
	s := make(stopwatches, users)
	for i := range s {
		s[i].waits = hdrhistogram.New(1, int64(time.Minute), 3)
	}
	return s
}

func (s stopwatch) time(f func()) {
	start := time.Now()
	f()
	Check(s.waits.RecordValue(int64(time.Since(start))))
}

func (s stopwatches) report(b *testing.B) { s.reportAs(b, "") }

// reportAs puts prefix before the names of the figures.
func (s stopwatches) reportAs(b *testing.B, prefix string) {
	sum := s[0].waits
	for _, other := range s[1:] {
		sum.Merge(other.waits)
	}
	for _, q := range []struct {
		percent float64
		unit    string
	}{{50, "p50-ns"}, {99, "p99-ns"}, {99.9, "p99.9-ns"}} {
		b.ReportMetric(float64(sum.ValueAtPercentile(q.percent)), prefix+q.unit)
	}
	b.ReportMetric(float64(sum.Max()), prefix+"worst-ns")
}
