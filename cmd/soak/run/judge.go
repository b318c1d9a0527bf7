//go:build linux

package run

import (
	"fmt"

	"github.com/slotpool/slotpool/cmd/soak/faults"
	"github.com/slotpool/slotpool/cmd/soak/load"
	"github.com/slotpool/slotpool/cmd/soak/report"
)

func (r *soak) report(ended string) *report.Verdict {
	l := r.ledger
	v := &report.Verdict{Clean: !l.Failed(), Ended: ended, Injected: r.config.inject}
	if err := l.Troubled(); err != nil {
		v.Trouble = err.Error()
	}
	v.Checks = l.Results()
	v.Faults = r.faultResults()
	v.Figures = r.figures()
	return v
}

func (r *soak) faultResults() []report.FaultResult {
	var results []report.FaultResult
	for _, name := range r.config.faults {
		id, _ := faults.Named(name)
		o := r.conductor.OutcomeOf(id)
		results = append(results, report.FaultResult{
			Name: name, How: faults.All[id].How, Unit: faults.All[id].Unit,
			Struck: r.load.StruckBy[id].Load(), Alone: o.Struck,
			Replaced: o.Pool.Dead, RaceWindow: o.Users[load.CountRaceWindow],
			Broken:     o.Users[load.CountBroken] + o.Users[load.CountUnexpected],
			DialErrors: o.Pool.DialErrors, Panics: o.Users[load.CountPanics],
			Cancelled: o.Pool.CancelledWaits, Gets: o.Pool.Gets,
		})
	}
	return results
}

func (r *soak) figures() []report.FigureResult {
	c, p := r.load.Tally.Snapshot(), r.load.Pool.Stats()
	var f []report.FigureResult
	add := func(name, format string, args ...any) {
		f = append(f, report.FigureResult{Name: name, Value: fmt.Sprintf(format, args...)})
	}
	share := func(a, b uint64) float64 { return 100 * float64(a) / float64(max(b, 1)) }
	add("Gets", "%d, of which %.1f%% reused a connection", p.Gets, share(p.Reuses, p.Gets))
	add("requests answered", "%d; failed on a connection that died: %d; met unexpected bytes: %d",
		c[load.CountRequests], c[load.CountBroken], c[load.CountUnexpected])
	add("parked connections found dead", "%d, replaced before their user saw them", p.DeadOnCheck)
	add("died in the race window", "%d: between the start of a Get and its return", c[load.CountRaceWindow])
	add("put though dead", "%d, by users", c[load.CountPutDead])
	add("evictions", "%d", p.Evictions)
	add("waits", "%d, of which %d were cancelled; Gets cancelled in all: %d", p.Waits, p.CancelledWaits, c[load.CountCancelled])
	add("failed dials", "%d: %d refused, %d timed out, %d for want of a descriptor, and %d panics",
		c[load.CountDialErrors], c[load.CountRefused], c[load.CountTimeouts], c[load.CountEMFILE], c[load.CountPanics])
	add("users", "%d died and were replaced; %d second Puts panicked as they must", c[load.CountDied], c[load.CountPutTwice])
	for _, q := range []struct {
		name string
		of   load.Quantiles
	}{{"Get latency", r.load.Gets.Total()}, {"dialling Get latency", r.load.Dials.Total()}, {"request latency", r.load.Requests.Total()}} {
		add(q.name, "p50 %.4g ms, p99 %.4g ms, longest %.4g ms, of %d", q.of.P50, q.of.P99, q.of.Max, q.of.N)
	}
	add("at most at once", "%v", &r.peaks)
	return f
}
