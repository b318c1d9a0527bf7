//go:build linux

package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// verdictReport is all that there is to say at the end.
type verdictReport struct {
	Clean    bool           `json:"clean"`
	Ended    string         `json:"ended"` // why and when
	Trouble  string         `json:"trouble,omitempty"`
	Checks   []checkResult  `json:"checks"`
	Faults   []faultResult  `json:"faults"`
	Figures  []figureResult `json:"figures"`
	Injected injection      `json:"injected,omitempty"`
}

type checkResult struct {
	Name   string   `json:"name"`
	Holds  string   `json:"holds"`
	Detail string   `json:"detail,omitempty"`
	Failed *finding `json:"failed,omitempty"`
}

// faultResult is a row of the fault table. All but Struck are of the windows
// in which the fault was alone, Alone is how often it struck in these.
type faultResult struct {
	Name       string `json:"name"`
	How        string `json:"how"`
	Unit       string `json:"unit"`
	Struck     uint64 `json:"struck"`
	Alone      uint64 `json:"alone"`
	Replaced   uint64 `json:"replaced"`   // parked connections found dead and dialled anew
	RaceWindow uint64 `json:"raceWindow"` // handed out though they died during the Get
	Broken     uint64 `json:"broken"`     // died in a user's hands
	DialErrors uint64 `json:"dialErrors"`
	Panics     uint64 `json:"panics"`
	Cancelled  uint64 `json:"cancelled"`
	Gets       uint64 `json:"gets"`
}

type figureResult struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (r *soak) report(ended string) *verdictReport {
	l := r.ledger
	v := &verdictReport{Clean: !l.failed(), Ended: ended, Injected: r.config.inject}
	if err := l.troubled(); err != nil {
		v.Trouble = err.Error()
	}
	l.lock.Lock()
	for _, c := range checks {
		result := checkResult{Name: c.name, Holds: c.holds, Detail: l.details[c.name]}
		if f, ok := l.findings[c.name]; ok {
			result.Failed = &f
		}
		v.Checks = append(v.Checks, result)
	}
	l.lock.Unlock()
	v.Faults = r.faultResults()
	v.Figures = r.figures()
	return v
}

func (r *soak) faultResults() []faultResult {
	r.conductor.lock.Lock()
	defer r.conductor.lock.Unlock()
	var results []faultResult
	for _, name := range r.config.faults {
		id, _ := faultNamed(name)
		o := r.conductor.outcomes[id]
		results = append(results, faultResult{
			Name: name, How: faults[id].how, Unit: faults[id].unit,
			Struck: r.load.struckBy[id].Load(), Alone: o.Struck,
			Replaced: o.Pool.Dead, RaceWindow: o.Users[countRaceWindow],
			Broken:     o.Users[countBroken] + o.Users[countUnexpected],
			DialErrors: o.Pool.DialErrors, Panics: o.Users[countPanics],
			Cancelled: o.Pool.CancelledWaits, Gets: o.Pool.Gets,
		})
	}
	return results
}

func (r *soak) figures() []figureResult {
	c, p := r.load.tally.snapshot(), r.load.pool.Stats()
	var f []figureResult
	add := func(name, format string, args ...any) {
		f = append(f, figureResult{name, fmt.Sprintf(format, args...)})
	}
	share := func(a, b uint64) float64 { return 100 * float64(a) / float64(max(b, 1)) }
	add("Gets", "%d, of which %.1f%% reused a connection", p.Gets, share(p.Reuses, p.Gets))
	add("requests answered", "%d; failed on a connection that died: %d; met unexpected bytes: %d",
		c[countRequests], c[countBroken], c[countUnexpected])
	add("parked connections found dead", "%d, replaced before their user saw them", p.DeadOnCheck)
	add("died in the race window", "%d: between the start of a Get and its return", c[countRaceWindow])
	add("put though dead", "%d, by users", c[countPutDead])
	add("evictions", "%d", p.Evictions)
	add("waits", "%d, of which %d were cancelled; Gets cancelled in all: %d", p.Waits, p.CancelledWaits, c[countCancelled])
	add("failed dials", "%d: %d refused, %d timed out, %d for want of a descriptor, and %d panics",
		c[countDialErrors], c[countRefused], c[countTimeouts], c[countEMFILE], c[countPanics])
	add("users", "%d died and were replaced; %d second Puts panicked as they must", c[countDied], c[countPutTwice])
	for _, q := range []struct {
		name string
		of   quantiles
	}{{"Get latency", r.load.gets.total()}, {"dialling Get latency", r.load.dials.total()}, {"request latency", r.load.requests.total()}} {
		add(q.name, "p50 %.4g ms, p99 %.4g ms, longest %.4g ms, of %d", q.of.P50, q.of.P99, q.of.Max, q.of.N)
	}
	add("at most at once", "%v", &r.peaks)
	return f
}

// print writes the verdict for a person.
func (v *verdictReport) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n\n", v.Ended)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FAULT\tSTRUCK\tALONE\tREPLACED\tIN RACE WINDOW\tBROKE IN USE\tDIAL ERRORS\tPANICS\tCANCELLED\tOF GETS")
	for _, f := range v.Faults {
		fmt.Fprintf(t, "%s\t%d %s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", f.Name, f.Struck, f.Unit, f.Alone,
			f.Replaced, f.RaceWindow, f.Broken, f.DialErrors, f.Panics, f.Cancelled, f.Gets)
	}
	if len(v.Faults) > 0 {
		fmt.Fprintln(t)
	}
	for _, f := range v.Figures {
		fmt.Fprintf(t, "%s\t%s\n", f.Name, f.Value)
	}
	fmt.Fprintln(t)
	for _, c := range v.Checks {
		mark, text := "ok", c.Holds
		if c.Failed != nil {
			mark = "FAILED"
		}
		if c.Detail != "" {
			text += ": " + c.Detail
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", mark, c.Name, text)
	}
	_ = t.Flush() // to a terminal or a pipe: there is nobody to tell
	for _, c := range v.Checks {
		if c.Failed != nil {
			at := time.Duration(c.Failed.At * float64(time.Second)).Round(time.Millisecond)
			first, rest, _ := strings.Cut(c.Failed.First, "\n")
			fmt.Fprintf(w, "\n%s failed %d times, first after %v:\n  %s\n%s", c.Name, c.Failed.Count, at, first, rest)
		}
	}
	fmt.Fprintf(w, "\n%s\n", v.summary())
}

func (v *verdictReport) summary() string {
	var failed []string
	for _, c := range v.Checks {
		if c.Failed != nil {
			failed = append(failed, c.Name)
		}
	}
	switch {
	case len(failed) > 0:
		return "VERDICT: FAILED: " + strings.Join(failed, ", ")
	case v.Trouble != "":
		return "VERDICT: none: the soak could not do its work: " + v.Trouble
	}
	return "VERDICT: clean"
}

func (v *verdictReport) status() int {
	switch {
	case !v.Clean:
		return statusFailed
	case v.Trouble != "":
		return statusUsage
	}
	return statusClean
}
