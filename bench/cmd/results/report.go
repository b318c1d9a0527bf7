package main

import (
	"fmt"
	"slices"
	"strings"
)

// report is all that RESULTS.md and the files beside it say.
type report struct {
	main, reference *table
	leftOut         []string // sentences about what was not run
}

// factKeys are what the output of the benchmarks says of itself in lines at its
// head: cpu comes from the benchmarks, the others from writeHeader.
var factKeys = []string{"cpu", "kernel", "go", "commit", "date", "command"}

const unrecorded = "not recorded"

// fact returns what the table's files say of themselves under a key.
func (t *table) fact(key string) string {
	if len(t.facts[key]) == 0 {
		return unrecorded
	}
	return strings.Join(t.facts[key], "; ")
}

const mark = "Written by `cmd/results`. Do not edit.\n"

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Results\n\n%s\n| | |\n|---|---|\n| threads | %s |\n", mark, r.main.fact("threads"))
	for _, key := range factKeys {
		said := strings.ReplaceAll(r.main.fact(key), "|", "\\|")
		if key == "command" && said != unrecorded {
			said = "`" + said + "`"
		}
		fmt.Fprintf(&b, "| %s | %s |\n", key, said)
	}
	b.WriteString("\nEach figure is the median over the counts. Each count is a process of its own.\n" +
		"[README.md](README.md) says what each work and each contender is.\n" +
		"All tables of a work are in the file that its name links to.\n")
	for _, sentence := range r.leftOut {
		fmt.Fprintf(&b, "%s\n", sentence)
	}
	b.WriteString("\n## Summary\n\n" +
		"*Where slotpool stands worst* is the row of the work with the least ratio, and the best rival in it.\n" +
		"The ratio is the rival's figure to slotpool's: above 1, slotpool is better. The mean is the geometric mean of the ratios of all rows.\n\n")
	r.main.summary(&b, isRival)
	if r.reference != nil {
		b.WriteString("\nAgainst the reference, Dominator v0.3.4, in one binary of their own:\n\n")
		r.reference.summary(&b, func(impl string) bool { return impl == referenceImpl })
	}
	b.WriteString("\n![Time for one cycle, for each work and contender](results.svg)\n")
	b.WriteString("\n## Goals\n\nTwo contenders are compared count by count. A difference counts if it is more than chance.\n\n")
	for _, g := range r.goals() {
		if !strings.HasPrefix(g, " ") { // else it belongs to the one before
			g = "- " + g
		}
		fmt.Fprintln(&b, g)
	}
	b.WriteString("\n## All tables\n\n")
	for _, w := range r.main.works {
		fmt.Fprintf(&b, "- [%s](%s)\n", w.name, w.file())
	}
	fmt.Fprintf(&b, "- `benchstat -col /impl`: [contenders](%s)", r.main.benchstatFile())
	if r.reference != nil {
		fmt.Fprintf(&b, ", [reference](%s)", r.reference.benchstatFile())
	}
	return b.String() + "\n"
}

// file is where the tables of a work are, seen from RESULTS.md.
func (w *work) file() string { return "results/" + strings.ToLower(w.name) + ".md" }

// benchstatFile is where benchstat's words on the table are.
func (t *table) benchstatFile() string {
	for _, w := range t.works {
		if slices.Contains(w.impls, referenceImpl) {
			return "results/benchstat-reference.txt"
		}
	}
	return "results/benchstat.txt"
}

// workMarkdown is the file of one work.
func (r *report) workMarkdown(w *work) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\nThe machine, the commit and a summary: [RESULTS.md](../RESULTS.md). "+
		"What a cycle is: [README.md](../README.md).\nEach figure is the median over the counts, "+
		"± the half of its 95 %% confidence interval where there are counts enough.\n", w.name, mark)
	w.tables(&b)
	if same := r.reference.known(w.name); same != nil {
		b.WriteString("\n## With the reference\n\nslotpool and Dominator v0.3.4 in one binary of their own.\n")
		same.tables(&b)
	}
	return b.String()
}

// tables writes one for each unit that says something: those that are known in
// their order, then those that a work has of its own.
func (w *work) tables(b *strings.Builder) {
	for _, m := range metrics {
		w.table(b, m.unit, m.title)
	}
	for _, unit := range w.units {
		if !known(unit) {
			w.table(b, unit, unit)
		}
	}
}

// table writes the figures of one unit, if any contender has some
// that are not all zero.
func (w *work) table(b *strings.Builder, unit, title string) {
	if !w.any(unit) {
		return
	}
	fmt.Fprintf(b, "\n%s\n\n| %s |", title, strings.Join(w.varying(), ", "))
	for _, impl := range w.impls {
		fmt.Fprintf(b, " %s |", impl)
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(w.impls)) + "\n")
	for _, r := range w.rows {
		fmt.Fprintf(b, "| %s |", r.label(w.varying()))
		for _, impl := range w.impls {
			s, ok := r.median(impl, unit)
			if !ok {
				b.WriteString(" |")
				continue
			}
			fmt.Fprintf(b, " %s", figure(s.Center, unit))
			if spread := s.PctRangeString(); strings.HasSuffix(spread, "%") && unit == "ns/op" {
				fmt.Fprintf(b, " ±%s", spread)
			}
			b.WriteString(" |")
		}
		b.WriteString("\n")
	}
}

func (w *work) any(unit string) bool {
	for _, r := range w.rows {
		for c, values := range r.cells {
			if c.unit == unit && slices.ContainsFunc(values, func(v float64) bool { return v != 0 }) {
				return true
			}
		}
	}
	return false
}
