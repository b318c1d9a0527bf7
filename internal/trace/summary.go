package trace

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Online are the rules that the pool is measured by on real traces: of these, the
// best for each trace and number of slots is picked afterwards.
func Online() []NamedRule {
	return append(Rules()[1:],
		NamedRule{"CLOCK", NewCLOCK}, NamedRule{"LFU", NewLFU}, NamedRule{"2Q", NewTwoQ}, NamedRule{"ARC", NewARC},
		NamedRule{"LIRS", NewLIRS}, NamedRule{"W-TinyLFU", NewTinyLFU})
}

// Summary is how a column does over all rows of a table, as a multiple of the
// dials of the best of other columns, row by row.
type Summary struct {
	Column                string
	Mean, Worst           float64 // the geometric mean
	WorstOn               string
	Within5pc, Within10pc float64 // share of the rows
}

// Summarise compares each column with the best of those named. It panics if the
// table lacks one of them.
func (t *Table) Summarise(best []string) []Summary {
	least := make([]float64, len(t.Dials))
	for i, row := range t.Dials {
		least[i] = math.Inf(1)
		for _, c := range best {
			least[i] = min(least[i], row[t.index(c)])
		}
	}
	var all []Summary
	for j, c := range t.Columns {
		s := Summary{Column: c}
		for i, row := range t.Dials {
			ratio := row[j] / least[i]
			s.Mean += math.Log(ratio)
			if ratio > s.Worst {
				s.Worst, s.WorstOn = ratio, t.Traces[i]
			}
			if ratio <= 1.05 {
				s.Within5pc++
			}
			if ratio <= 1.10 {
				s.Within10pc++
			}
		}
		n := float64(len(t.Dials))
		s.Mean, s.Within5pc, s.Within10pc = math.Exp(s.Mean/n), s.Within5pc/n, s.Within10pc/n
		all = append(all, s)
	}
	return all
}

// WriteSummary writes Summarise as a markdown table, the best mean first.
func (t *Table) WriteSummary(w io.Writer, best []string) error {
	all := t.Summarise(best)
	slices.SortFunc(all, func(a, b Summary) int {
		if a.Mean < b.Mean {
			return -1
		}
		return 1
	})
	var b strings.Builder
	fmt.Fprintf(&b, "| dials / best of %d, %d pairs | mean | within 5 %% | within 10 %% | worst | on |\n", len(best), len(t.Dials))
	fmt.Fprintf(&b, "|---|--:|--:|--:|--:|---|\n")
	for _, s := range all {
		fmt.Fprintf(&b, "| %s | %.3f | %.0f %% | %.0f %% | %.2f | %s |\n",
			s.Column, s.Mean, 100*s.Within5pc, 100*s.Within10pc, s.Worst, s.WorstOn)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// MeasureTraces runs every column over traces that exist already.
func MeasureTraces(traces []*Trace, columns []Column) (*Table, error) {
	t := &Table{Dials: make([][]float64, len(traces))}
	for _, c := range columns {
		t.Columns = append(t.Columns, c.Name)
	}
	return t, t.fill(len(traces), func(i int) (string, error) {
		var err error
		t.Dials[i], err = measure(traces[i], columns)
		return traces[i].Name, err
	})
}
