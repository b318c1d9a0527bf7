package main

import (
	"fmt"
	"slices"
	"strings"
)

// metrics are the units that have a title, in the order of the tables. One that is
// in the summary is better the smaller it is.
var metrics = []struct {
	unit, title string
	summary     bool
}{
	{"ns/op", "Time for one cycle", true},
	{"dials/op", "Dials for one cycle", true},
	{"p50-ns", "Wait, median", false},
	{"p99-ns", "Wait, 99 in 100 are shorter", false},
	{"p99.9-ns", "Wait, 999 in 1000 are shorter", true},
	{"worst-ns", "Wait, longest", true},
	{"least-%", "Least served user, percent of an equal share", false},
	{"most-%", "Most served user, percent of an equal share", false},
	{"B/resource", "Bytes of a resource before first use", true},
	{"allocs/op", "Allocations in one cycle", false},
	{"B/op", "Bytes allocated in one cycle", false},
}

// known reports whether a unit is among the metrics.
func known(unit string) bool {
	for _, m := range metrics {
		if m.unit == unit {
			return true
		}
	}
	return false
}

// figure formats a value in the unit that suits it.
func figure(v float64, unit string) string {
	switch {
	case unit != "ns/op" && !strings.HasSuffix(unit, "-ns"):
		return short(v)
	case v >= 1e6:
		return short(v/1e6) + " ms"
	case v >= 1e3:
		return short(v/1e3) + " us"
	}
	return short(v) + " ns"
}

func short(v float64) string {
	if v >= 100 || v == float64(int(v)) {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// varying returns the axes in which the rows differ, or all if there is one
// row only.
func (w *work) varying() []string {
	var names []string
	for _, r := range w.rows {
		for _, a := range r.axes {
			differs := len(w.rows) == 1 || slices.ContainsFunc(w.rows, func(other *row) bool { return !slices.Contains(other.axes, a) })
			if differs && !slices.Contains(names, a.name) {
				names = append(names, a.name)
			}
		}
	}
	return names
}

// label says which row it is by the values of some axes.
func (r *row) label(names []string) string {
	var values []string
	for _, name := range names {
		if value := r.axis(name); value != "" {
			values = append(values, value)
		}
	}
	return strings.Join(values, ", ")
}

// axis returns the row's value on an axis, nothing if it has none.
func (r *row) axis(name string) string {
	for _, a := range r.axes {
		if a.name == name {
			return a.value
		}
	}
	return ""
}
