package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// report is all that RESULTS.md says.
type report struct {
	environment
	commands        []string
	note            string
	cpu             string
	main, reference *table
	noReference     string
	benchstat       []string
}

type environment struct{ kernel, goVersion, commit, date string }

func newEnvironment() environment {
	return environment{
		kernel:    output("uname", "-sr"),
		goVersion: runtime.Version(),
		commit:    output("git", "describe", "--always", "--dirty", "--abbrev=12"),
		date:      time.Now().UTC().Format("2006-01-02 15:04 UTC"),
	}
}

func output(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// metrics are the tables for each work: the unit, and what it says.
var metrics = []struct{ unit, title string }{
	{"ns/op", "Time for one cycle"},
	{"dials/op", "Dials for one cycle"},
	{"p50-ns", "Wait, median"},
	{"p99-ns", "Wait, 99 in 100 are shorter"},
	{"p99.9-ns", "Wait, 999 in 1000 are shorter"},
	{"worst-ns", "Wait, longest"},
	{"least-%", "Least served user, percent of an equal share"},
	{"most-%", "Most served user, percent of an equal share"},
	{"B/resource", "Bytes of a resource before first use"},
	{"allocs/op", "Allocations in one cycle"},
}

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Results\n\nWritten by `cmd/results`. Do not edit.\n\n")
	fmt.Fprintf(&b, "| | |\n|---|---|\n| CPU | %s, %d threads |\n| kernel | %s |\n| Go | %s |\n| commit | %s |\n| date | %s |\n",
		r.cpu, runtime.NumCPU(), r.kernel, r.goVersion, r.commit, r.date)
	for _, c := range r.commands {
		fmt.Fprintf(&b, "| command | `%s` |\n", strings.ReplaceAll(c, "|", "\\|"))
	}
	if r.note != "" {
		fmt.Fprintf(&b, "\n%s\n", r.note)
	}
	b.WriteString("\nEach figure is the median over the counts, each of which is a process of its own, ± the half of\n" +
		"its 95 % confidence interval where there are counts enough. Two contenders are compared count by count. README.md says what each work and each contender is.\n\n![Time for one cycle, for each work and contender](results.svg)\n")
	b.WriteString("\n## Goals\n\n")
	for _, g := range r.goals() {
		if !strings.HasPrefix(g, " ") { // else it belongs to the one before
			g = "- " + g
		}
		fmt.Fprintln(&b, g)
	}
	r.main.markdown(&b, "## ")
	b.WriteString("\n## The reference\n")
	if r.reference != nil {
		b.WriteString("\nslotpool and Dominator v0.3.4 in one binary of their own.\n")
		r.reference.markdown(&b, "### ")
	} else {
		why := "it was not asked for"
		if r.noReference != "" {
			why = r.noReference
		}
		fmt.Fprintf(&b, "\nNot run: %s.\n", why)
	}
	for i, text := range r.benchstat {
		name := [...]string{"contenders", "reference"}[i]
		fmt.Fprintf(&b, "\n<details><summary>benchstat -col /impl: %s</summary>\n\n```\n%s```\n\n</details>\n", name, text)
	}
	return b.String()
}

func (t *table) markdown(b *strings.Builder, heading string) {
	for _, w := range t.works {
		fmt.Fprintf(b, "\n%s%s\n", heading, w.name)
		for _, m := range metrics {
			w.markdown(b, m.unit, m.title)
		}
	}
}

// markdown writes the table of one unit, if any contender has figures in it
// that are not all zero.
func (w *work) markdown(b *strings.Builder, unit, title string) {
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
			if c.unit != unit {
				continue
			}
			for _, v := range values {
				if v != 0 {
					return true
				}
			}
		}
	}
	return false
}

// varying returns the axes in which the rows differ, or all if there is one
// row only.
func (w *work) varying() []string {
	var names []string
	for i, a := range w.rows[0].axes {
		differs := len(w.rows) == 1
		for _, r := range w.rows {
			differs = differs || r.axes[i] != a
		}
		if differs {
			names = append(names, a.name)
		}
	}
	return names
}

func (r *row) label(names []string) string {
	var values []string
	for _, name := range names {
		for _, a := range r.axes {
			if a.name == name {
				values = append(values, a.value)
			}
		}
	}
	return strings.Join(values, ", ")
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
