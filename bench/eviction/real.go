package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/slotpool/slotpool/internal/trace"
)

// usualTraces is where real traces lie beside a checkout, if they are there.
const usualTraces = "../shared/traces"

// realTraces reads the traces of a directory, of each the first so many Gets, 0
// for all, each with several numbers of slots. It returns none if the directory
// was not asked for and is not there.
func realTraces(directory string, first int) (all []*trace.Trace, err error) {
	asked := directory != ""
	if !asked {
		directory = usualTraces
		if _, err := os.Stat(directory); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	files, err := trace.Files(directory)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		t, err := trace.Read(file)
		if err != nil {
			return nil, err
		}
		if first > 0 {
			t = t.First(first)
		}
		all = append(all, t.Sizes()...)
	}
	return all, nil
}

// printReal compares the pool on real traces with the best online rule for each.
func printReal(w io.Writer, traces []*trace.Trace) error {
	var best []string
	for _, r := range trace.Online() {
		best = append(best, r.Name)
	}
	var columns []trace.Column
	for _, r := range rivals() {
		columns = append(columns, r.Column())
	}
	columns = append(columns, column(pool, 0))
	for _, n := range shardCounts {
		columns = append(columns, column(fmt.Sprintf("%d shards", n), n))
	}
	table, err := trace.MeasureTraces(traces, columns)
	if err != nil {
		return err
	}
	fmt.Fprintln(w)
	if err := table.WriteMarkdown(w); err != nil {
		return err
	}
	fmt.Fprintln(w)
	return table.WriteSummary(w, best)
}

// printCosts shows how long all dials take together in a pool that times them, as
// a share of what they take in one that does not, and the same of GreedyDual, which
// keeps a heap of all that may go. A second table has the same of rules that know no costs.
func printCosts(w io.Writer, traces []*trace.Trace) error {
	models := trace.CostModels()
	others := rivals()
	all, err := trace.CompareCosts(traces, models, openTimed, others)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\n| time of all dials, timed / not, %d pairs | mean | worst | on | dials | GreedyDual | its dials |\n|---|--:|--:|---|--:|--:|--:|\n", len(traces))
	for i, s := range all {
		fmt.Fprintf(w, "| %s | %.3f | %.3f | %s | %.3f | %.3f | %.3f |\n",
			models[i].Name, s.Time, s.Worst, s.WorstOn, s.Dials, s.GreedyTime, s.GreedyDials)
	}
	fmt.Fprintf(w, "\n| time of all dials, to the same")
	for i := range models {
		fmt.Fprintf(w, " | %s", models[i].Name)
	}
	fmt.Fprintf(w, " |\n|---%s|\n| %s", strings.Repeat("|--:", len(models)), pool)
	for _, s := range all {
		fmt.Fprintf(w, " | %.3f", s.Time)
	}
	for i, r := range others {
		fmt.Fprintf(w, " |\n| %s", r.Name)
		for _, s := range all {
			fmt.Fprintf(w, " | %.3f", s.Rivals[i])
		}
	}
	_, err = fmt.Fprintln(w, " |")
	return err
}
