package trace

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Comparison sets a column of the table against the fixed rules.
type Comparison struct {
	Trace    string
	ToRandom float64 // dials as a multiple of those of random
	Best     string  // the fixed rule with the fewest dials
	ToBest   float64 // dials as a multiple of those of Best
	Spread   float64 // between the columns compared, in percent of Gets
}

// Compare compares the first of columns to the fixed rules of the table, and
// with the other columns. It panics if the table lacks one of them.
func (t *Table) Compare(columns ...string) []Comparison {
	random := t.index("random")
	fixed := make([]int, 0, len(t.Columns))
	for _, r := range Rules() {
		if r.Name != "Belady" {
			fixed = append(fixed, t.index(r.Name))
		}
	}
	var all []Comparison
	for i, row := range t.Dials {
		best := slices.MinFunc(fixed, func(a, b int) int { return cmp.Compare(row[a], row[b]) })
		dials := row[t.index(columns[0])]
		low, high := dials, dials
		for _, c := range columns {
			low, high = min(low, row[t.index(c)]), max(high, row[t.index(c)])
		}
		all = append(all, Comparison{
			Trace: t.Traces[i], ToRandom: dials / row[random],
			Best: t.Columns[best], ToBest: dials / row[best],
			Spread: (high - low) / 10,
		})
	}
	return all
}

func (t *Table) index(column string) int {
	i := slices.Index(t.Columns, column)
	if i < 0 {
		panic(fmt.Sprintf("trace: the table has no column %q", column))
	}
	return i
}

// WriteComparison writes Compare as a markdown table.
func (t *Table) WriteComparison(w io.Writer, columns ...string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "| %-34s | of random | of the best | which is | spread |\n", columns[0]+" dials")
	fmt.Fprintf(&b, "|%s|----------:|------------:|----------|-------:|\n", strings.Repeat("-", 36))
	for _, c := range t.Compare(columns...) {
		fmt.Fprintf(&b, "| %-34s | %8.2fx | %10.2fx | %-8s | %6.1f |\n",
			c.Trace, c.ToRandom, c.ToBest, c.Best, c.Spread)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
