//go:build linux

package run

import (
	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/report"
)

// trends are the figures that must not grow, since the warm-up.
type trends struct{ descriptors, goroutines, heap check.Series }

func (t *trends) add(m *report.Sample) {
	total := 0
	for _, n := range m.Descriptors {
		total += n
	}
	t.descriptors.Add(m.T, float64(total))
	t.goroutines.Add(m.T, float64(m.Goroutines))
	t.heap.Add(m.T, float64(m.HeapLive))
}

// checkTrends judges growth. A trend fails only if it is certain, and if it
// comes to more than a floor: some descriptors or goroutines more in the
// later faults than in the earlier ones are no leak.
func (r *soak) checkTrends() {
	for _, c := range []struct {
		check, unit string
		of          *check.Series
		scale       float64
		floor       float64
		part        float64 // of the mean, as another floor
	}{
		{check.TrendFD, "descriptors", &r.trends.descriptors, 1, 3, 0.05},
		{check.TrendGoroutines, "goroutines", &r.trends.goroutines, 1, 10, 0.05},
		{check.TrendHeap, "MiB", &r.trends.heap, 1 << 20, 2 << 20, 0.15},
	} {
		t := check.TrendOf(c.of.Points())
		text := t.Describe(c.unit, c.scale)
		if t.Grows(max(c.floor, c.part*t.Mean)) {
			r.ledger.Fail(c.check, "%s", text)
		}
		r.ledger.Note(c.check, "%s", text)
	}
}
