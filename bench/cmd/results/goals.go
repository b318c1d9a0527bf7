package main

import (
	"fmt"

	"golang.org/x/perf/benchmath"
)

// goals says how the figures stand to what was aimed at.
func (r *report) goals() []string {
	g := []string{
		r.ratio("Get+Put alone against puddle", 5, "puddle", "Alone"),
		r.ratio("Get+Put in parallel against puddle", 8, "puddle", "Parallel"),
	}
	for _, row := range r.main.rows("Contended") {
		what := "64 users of 8 slots, " + row.label([]string{"addresses"}) + " resources, hold " + row.label([]string{"hold"}) +
			", start " + row.label([]string{"start"}) + ", against the channel"
		g = append(g, r.ratio(what, 1.5, "channel", "Contended", row.axes...))
	}
	g = append(g, r.worstWaits()...)
	g = append(g, behind(r.main, "the contenders")...)
	return append(g, behind(r.reference, "the reference")...)
}

func (r *report) ratio(what string, goal float64, rival, work string, with ...axis) string {
	row := r.main.find(work, with...)
	times, n := row.times(rival, "slotpool", "ns/op")
	if n == 0 {
		return what + ": not run"
	}
	x := times.Center
	return fmt.Sprintf("%s: %.1f times as fast; the goal of %.1f times is %s", what, x, goal, verdict(x >= goal))
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "**not met**"
}

// worstWaits compares the longest waits: one in each count, so that chance
// rules each of them.
func (r *report) worstWaits() (g []string) {
	for _, row := range r.main.rows("Wait") {
		own, ok1 := row.median("slotpool", "worst-ns")
		other, ok2 := row.median("channel", "worst-ns")
		if !ok1 || !ok2 {
			continue
		}
		ownMost, _ := row.worst("slotpool", "worst-ns")
		otherMost, _ := row.worst("channel", "worst-ns")
		g = append(g, fmt.Sprintf("longest wait, %s: slotpool %s (%s in all counts), channel %s (%s): no worse is %s",
			row.label([]string{"addresses", "hold"}), figure(own.Center, "ns/op"), figure(ownMost, "ns/op"),
			figure(other.Center, "ns/op"), figure(otherMost, "ns/op"), verdict(!row.slower("slotpool", "channel", "worst-ns"))))
	}
	return g
}

// behind lists the works in which another is faster, by more than chance
// where there are counts enough to tell.
func behind(t *table, whom string) []string {
	if t == nil {
		return []string{"ahead of " + whom + " in every work, or level: not run"}
	}
	var same, less []string
	for _, w := range t.works {
		if w.name == "Wait" { // is Contended again, with clocks in it
			continue
		}
		for _, row := range w.rows {
			if row.label([]string{"check"}) == "none" {
				less = append(less, row.faster(w)...)
			} else {
				same = append(same, row.faster(w)...)
			}
		}
	}
	g := []string{"ahead of " + whom + " in every work, or level: met"}
	if len(same) > 0 {
		g = append([]string{"ahead of " + whom + " in every work, or level: **not met** in"}, same...)
	}
	if len(less) > 0 {
		g = append(g, "not counted, as only slotpool looks there whether the connection is alive:")
	}
	return append(g, less...)
}

// faster lists the contenders that are faster than slotpool.
func (r *row) faster(w *work) (g []string) {
	for _, impl := range w.impls {
		if !isRival(impl) || !r.slower("slotpool", impl, "ns/op") {
			continue
		}
		own, _ := r.median("slotpool", "ns/op")
		other, _ := r.median(impl, "ns/op")
		g = append(g, fmt.Sprintf("  - %s %s: %s %s, slotpool %s", w.name, r.label(w.varying()),
			impl, figure(other.Center, "ns/op"), figure(own.Center, "ns/op")))
	}
	return g
}

// enoughCounts is from where on a confidence interval can tell anything.
const enoughCounts = 6

// slower reports whether impl's figures are larger, by more than chance.
func (r *row) slower(impl, than, unit string) bool {
	s, n := r.times(impl, than, unit)
	return n > 0 && s.Center > 1 && (n < enoughCounts || s.Lo > 1)
}

// times says how many times as large as another's the figures of impl are. It
// compares those of the same count, as what a process is dealt, such as how far
// apart its processors are, it deals to all that it runs.
func (r *row) times(impl, than, unit string) (s benchmath.Summary, n int) {
	if r == nil {
		return s, 0
	}
	a, b := r.cells[cell{impl, unit}], r.cells[cell{than, unit}]
	var ratios []float64
	for i := range min(len(a), len(b)) {
		if a[i] > 0 && b[i] > 0 {
			ratios = append(ratios, a[i]/b[i])
		}
	}
	if len(ratios) == 0 {
		return s, 0
	}
	sample := benchmath.NewSample(ratios, &benchmath.DefaultThresholds)
	return benchmath.AssumeNothing.Summary(sample, 0.95), len(ratios)
}
