package main

import (
	"fmt"
	"strings"
)

// goals says how the figures stand to what was aimed at.
func (r *report) goals() []string {
	g := []string{
		r.ratio("Get+Put alone against puddle", 5, "puddle", "Alone"),
		r.ratio("Get+Put in parallel against puddle", 8, "puddle", "Parallel"),
	}
	for _, row := range r.main.work("Contended").rows {
		what := "64 users of 8 slots, " + row.label([]string{"addresses"}) + " resources, hold " + row.label([]string{"hold"}) +
			", slots " + row.label([]string{"start"}) + " at the start, against the channel"
		g = append(g, r.ratio(what, 1.5, "channel", "Contended", row.axes...))
	}
	g = append(g, r.worstWaits()...)
	return append(g, r.behind(r.main, "a contender"), r.behind(r.reference, "the reference"))
}

func (r *report) ratio(what string, goal float64, rival, work string, with ...axis) string {
	row := r.main.find(work, with...)
	own, ok1 := row.median("slotpool", "ns/op")
	other, ok2 := row.median(rival, "ns/op")
	if !ok1 || !ok2 {
		return what + ": not run"
	}
	x := other.Center / own.Center
	return fmt.Sprintf("%s: %.1f times as fast; the goal of %.1f times is %s", what, x, goal, verdict(x >= goal))
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "**not met**"
}

func (r *report) worstWaits() (g []string) {
	for _, row := range r.main.work("Wait").rows {
		own, ok1 := row.worst("slotpool", "worst-ns")
		other, ok2 := row.worst("channel", "worst-ns")
		if !ok1 || !ok2 {
			continue
		}
		g = append(g, fmt.Sprintf("longest wait of all counts, %s: slotpool %s, channel %s: no worse is %s",
			row.label([]string{"addresses", "hold"}), figure(own, "ns/op"), figure(other, "ns/op"), verdict(own <= other)))
	}
	return g
}

// behind lists the works in which another is faster, however little.
func (r *report) behind(t *table, whom string) string {
	if t == nil {
		return "ahead of " + whom + ": not run"
	}
	var places []string
	for _, w := range t.works {
		for _, row := range w.rows {
			own, ok := row.median("slotpool", "ns/op")
			if !ok {
				continue
			}
			for _, impl := range w.impls {
				other, ok := row.median(impl, "ns/op")
				if ok && impl != "slotpool" && impl != "floor" && other.Center < own.Center {
					places = append(places, fmt.Sprintf("%s %s (%s: %s against %s)", w.name,
						row.label(w.varying()), impl, figure(other.Center, "ns/op"), figure(own.Center, "ns/op")))
				}
			}
		}
	}
	if len(places) == 0 {
		return "ahead of " + whom + " in every work: met"
	}
	return "ahead of " + whom + " in every work: **not met** in " + strings.Join(places, "; ")
}
