package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// table is what a run of the benchmarks showed.
type table struct {
	cpu   string
	works []*work // in order of appearance
}

// work is one benchmark function.
type work struct {
	name  string
	rows  []*row
	impls []string
}

// row is one choice of the axes.
type row struct {
	axes  []axis
	cells map[cell][]float64 // one value for each count
}

type axis struct{ name, value string }

type cell struct{ impl, unit string }

func readTable(file string) (*table, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t := &table{}
	in := benchfmt.NewReader(f, file)
	for in.Scan() {
		switch rec := in.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, rec
		case *benchfmt.Result:
			t.add(rec)
		}
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	if len(t.works) == 0 {
		return nil, fmt.Errorf("%s has no benchmark results", file)
	}
	return t, nil
}

func (t *table) add(r *benchfmt.Result) {
	if cpu := r.GetConfig("cpu"); cpu != "" {
		t.cpu = cpu
	}
	base, parts := r.Name.Parts()
	w := t.work(string(base))
	impl, axes := "", []axis(nil)
	for _, p := range parts {
		name, value, found := strings.Cut(strings.TrimPrefix(string(p), "/"), "=")
		switch {
		case !found: // the number of threads
		case name == "impl":
			impl = value
		default:
			axes = append(axes, axis{name, value})
		}
	}
	if !slices.Contains(w.impls, impl) {
		w.impls = append(w.impls, impl)
	}
	row := w.row(axes)
	for _, v := range r.Values {
		value, unit := v.Value, v.Unit
		if v.OrigUnit != "" { // benchfmt turns nanoseconds into seconds
			value, unit = v.OrigValue, v.OrigUnit
		}
		row.cells[cell{impl, unit}] = append(row.cells[cell{impl, unit}], value)
	}
}

func (t *table) work(name string) *work {
	for _, w := range t.works {
		if w.name == name {
			return w
		}
	}
	w := &work{name: name}
	t.works = append(t.works, w)
	return w
}

func (w *work) row(axes []axis) *row {
	for _, r := range w.rows {
		if slices.Equal(r.axes, axes) {
			return r
		}
	}
	r := &row{axes: axes, cells: map[cell][]float64{}}
	w.rows = append(w.rows, r)
	return r
}

// find returns the row with all of the given axes; nil if there is none.
func (t *table) find(name string, with ...axis) *row {
	if t == nil {
		return nil
	}
	for _, r := range t.work(name).rows {
		if !slices.ContainsFunc(with, func(a axis) bool { return !slices.Contains(r.axes, a) }) {
			return r
		}
	}
	return nil
}

// median returns the middle value and how far it can be trusted; no impl
// took part if ok is false.
func (r *row) median(impl, unit string) (s benchmath.Summary, ok bool) {
	if r == nil {
		return s, false
	}
	values := r.cells[cell{impl, unit}]
	if len(values) == 0 {
		return s, false
	}
	sample := benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds)
	return benchmath.AssumeNothing.Summary(sample, 0.95), true
}

// worst returns the largest value.
func (r *row) worst(impl, unit string) (float64, bool) {
	if r == nil || len(r.cells[cell{impl, unit}]) == 0 {
		return 0, false
	}
	return slices.Max(r.cells[cell{impl, unit}]), true
}
