package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// table is what runs of the benchmarks showed.
type table struct {
	files []string
	facts map[string][]string // what the files say of themselves, each value once
	works []*work             // in order of appearance
}

// work is one benchmark function.
type work struct {
	name  string
	rows  []*row
	impls []string
	units []string
}

// row is one choice of the axes.
type row struct {
	axes  []axis
	cells map[cell][]float64 // one value for each count
}

type axis struct{ name, value string }

type cell struct{ impl, unit string }

// referenceImpl is the name of the reference among the contenders.
const referenceImpl = "reference"

// readTables reads output of the benchmarks. Files in which the reference takes part
// are a table of their own, as slotpool's figures there are of another binary; it
// is nil if there are none.
func readTables(files []string) (main, reference *table, err error) {
	main, reference = newTable(), newTable()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, nil, err
		}
		to := main
		if bytes.Contains(text, []byte("/impl="+referenceImpl)) {
			to = reference
		}
		if err := to.read(file, text); err != nil {
			return nil, nil, err
		}
	}
	if len(main.works) == 0 {
		return nil, nil, fmt.Errorf("%s: only results of the reference; those of the contenders are wanted too", strings.Join(files, ", "))
	}
	if len(reference.works) == 0 {
		reference = nil
	}
	return main, reference, nil
}

func newTable() *table { return &table{facts: map[string][]string{}} }

func (t *table) read(file string, text []byte) error {
	found := false
	in := benchfmt.NewReader(bytes.NewReader(text), file)
	for in.Scan() {
		switch rec := in.Result().(type) {
		case *benchfmt.SyntaxError:
			return rec
		case *benchfmt.Result:
			t.add(rec)
			found = true
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%s has no benchmark results", file)
	}
	t.files = append(t.files, file)
	return nil
}

func (t *table) add(r *benchfmt.Result) {
	for _, key := range factKeys {
		t.learn(key, r.GetConfig(key))
	}
	base, parts := r.Name.Parts()
	w := t.work(string(base))
	impl, axes := "", []axis(nil)
	for _, p := range parts {
		name, value, found := strings.Cut(strings.TrimPrefix(string(p), "/"), "=")
		switch {
		case !found:
			t.learn("threads", strings.TrimPrefix(name, "-"))
		case name == "impl":
			impl = value
		default:
			axes = append(axes, axis{name, value})
		}
	}
	row := w.row(axes)
	w.impls = adding(w.impls, impl)
	for _, v := range r.Values {
		value, unit := v.Value, v.Unit
		if v.OrigUnit != "" { // benchfmt turns nanoseconds into seconds
			value, unit = v.OrigValue, v.OrigUnit
		}
		w.units = adding(w.units, unit)
		row.cells[cell{impl, unit}] = append(row.cells[cell{impl, unit}], value)
	}
}

func adding(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// learn notes what a file says of itself.
func (t *table) learn(key, value string) {
	if value = strings.TrimSpace(value); value != "" {
		t.facts[key] = adding(t.facts[key], value)
	}
}

func (t *table) work(name string) *work {
	if w := t.known(name); w != nil {
		return w
	}
	w := &work{name: name}
	t.works = append(t.works, w)
	return w
}

// known returns the work of that name; nil if it was not run.
func (t *table) known(name string) *work {
	if t == nil {
		return nil
	}
	for _, w := range t.works {
		if w.name == name {
			return w
		}
	}
	return nil
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

// rows returns those of a work; none if it was not run.
func (t *table) rows(name string) []*row {
	if w := t.known(name); w != nil {
		return w.rows
	}
	return nil
}

// find returns the row with all of the given axes; nil if there is none.
func (t *table) find(name string, with ...axis) *row {
	for _, r := range t.rows(name) {
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
