package trace

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
)

// Column is a way to run a trace. Dials is called concurrently.
type Column struct {
	Name  string
	Dials func(*Trace) (int, error)
}

// Columns returns the columns of rules.
func Columns(rules []NamedRule) []Column {
	var columns []Column
	for _, r := range rules {
		columns = append(columns, Column{r.Name, func(t *Trace) (int, error) { return Dials(t, r.New), nil }})
	}
	return columns
}

// Table has the dials per 1000 Gets: a row for each trace.
type Table struct {
	Traces  []string
	Columns []string
	Dials   [][]float64
}

// Measure runs every column over every trace, of n accesses each.
func Measure(specs []Spec, columns []Column, n int) (*Table, error) {
	t := &Table{Dials: make([][]float64, len(specs))}
	for _, c := range columns {
		t.Columns = append(t.Columns, c.Name)
	}
	return t, t.fill(len(specs), func(i int) (string, error) {
		trace := specs[i].Make(n)
		var err error
		t.Dials[i], err = measure(&trace, columns)
		return specs[i].Name, err
	})
}

// fill calls row for each of n rows, as many at a time as there are threads. It
// returns the name of the row.
func (t *Table) fill(n int, row func(i int) (string, error)) error {
	t.Traces = make([]string, n)
	errs := make([]error, n)
	var wait sync.WaitGroup
	turn := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range n {
		wait.Go(func() {
			turn <- struct{}{}
			t.Traces[i], errs[i] = row(i)
			<-turn
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func measure(trace *Trace, columns []Column) ([]float64, error) {
	row := make([]float64, len(columns))
	for i, c := range columns {
		dials, err := c.Dials(trace)
		if err != nil {
			return nil, fmt.Errorf("%s on %q: %w", c.Name, trace.Name, err)
		}
		row[i] = 1000 * float64(dials) / float64(len(trace.Steps))
	}
	return row, nil
}

// WriteMarkdown writes the table.
func (t *Table) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "| %-34s |", "dials per 1000 Gets")
	for _, c := range t.Columns {
		fmt.Fprintf(&b, " %7s |", c)
	}
	b.WriteString("\n|" + strings.Repeat("-", 36) + "|")
	for _, c := range t.Columns {
		b.WriteString(strings.Repeat("-", max(7, len(c))+1) + ":|")
	}
	b.WriteString("\n")
	for i, row := range t.Dials {
		fmt.Fprintf(&b, "| %-34s |", t.Traces[i])
		for j, dials := range row {
			fmt.Fprintf(&b, " %*.1f |", max(7, len(t.Columns[j])), dials)
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
