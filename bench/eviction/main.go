// Command eviction prints how many of 1000 Gets must dial, for each kind of
// traffic and each rule for choosing whose connection to close, and draws it.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/slotpool/slotpool/internal/trace"
)

func main() {
	log.SetFlags(0)
	accesses := flag.Int("n", trace.Accesses, "Gets of each trace")
	plotFile := flag.String("plot", "", "file to draw the table to, by its ending .svg, .png or .pdf")
	traces := flag.String("traces", "", "directory of real traces; by default "+usualTraces+" if it is there")
	first := flag.Int("first", 250_000, "Gets of each real trace, from its beginning; 0 for all, which takes a few minutes more")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Printf("eviction: unexpected argument %q", flag.Arg(0))
		os.Exit(2)
	}
	if *accesses <= 0 {
		log.Printf("eviction: -n %d: want at least 1", *accesses)
		os.Exit(2)
	}
	if *first < 0 {
		log.Printf("eviction: -first %d: want at least 0", *first)
		os.Exit(2)
	}
	if err := run(*accesses, *plotFile, *traces, *first); err != nil {
		log.Fatal("eviction: ", err)
	}
}

const pool = "slotpool"

// shardCounts are those that must not change the dials.
var shardCounts = []int{1, 4, 64}

func run(accesses int, plotFile, directory string, first int) error {
	real, err := realTraces(directory, first)
	if err != nil {
		return err
	}
	table, err := printGenerated(os.Stdout, accesses)
	if err != nil {
		return err
	}
	if plotFile != "" {
		if err := drawPlot(table, plotFile); err != nil {
			return err
		}
	}
	if len(real) == 0 {
		return printCosts(os.Stdout, ofOneUser(accesses))
	}
	if first > 0 {
		fmt.Printf("\nReal traces, of each the first %d Gets (-first 0 for all):\n", first)
	}
	if err := printReal(os.Stdout, real); err != nil {
		return err
	}
	return printCosts(os.Stdout, real)
}

// ofOneUser are the made-up traces that caches can run, which do not know that an entry is in use.
func ofOneUser(accesses int) (all []*trace.Trace) {
	for _, spec := range trace.Specs() {
		if spec.Users == 1 {
			t := spec.Make(accesses)
			all = append(all, &t)
		}
	}
	return all
}

// printGenerated compares the pool with the fixed rules, and shows the others.
func printGenerated(w io.Writer, accesses int) (*trace.Table, error) {
	rules := append([]trace.NamedRule{{Name: "Belady", New: trace.NewBelady}}, trace.Online()...)
	columns := append(trace.Columns(rules), column(pool, 0))
	compared := []string{pool}
	for _, n := range shardCounts {
		name := fmt.Sprintf("%d shards", n)
		columns = append(columns, column(name, n))
		compared = append(compared, name)
	}
	table, err := trace.Measure(trace.Specs(), columns, accesses)
	if err != nil {
		return nil, err
	}
	if err := table.WriteMarkdown(w); err != nil {
		return nil, err
	}
	fmt.Fprintln(w)
	return table, table.WriteComparison(w, compared...)
}
