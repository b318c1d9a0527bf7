// Command eviction prints how many of 1000 Gets must dial, for each kind of
// traffic and each rule for choosing whose connection to close, and draws it.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/slotpool/slotpool/internal/trace"
)

func main() {
	log.SetFlags(0)
	accesses := flag.Int("n", trace.Accesses, "Gets of each trace")
	plotFile := flag.String("plot", "", "file to draw the table to, by its ending .svg, .png or .pdf")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Printf("eviction: unexpected argument %q", flag.Arg(0))
		os.Exit(2)
	}
	if *accesses <= 0 {
		log.Printf("eviction: -n %d: want at least 1", *accesses)
		os.Exit(2)
	}
	if err := run(*accesses, *plotFile); err != nil {
		log.Fatal("eviction: ", err)
	}
}

const pool = "slotpool"

// shardCounts are those that must not change the dials.
var shardCounts = []int{1, 4, 64}

func run(accesses int, plotFile string) error {
	columns := append(trace.Columns(trace.Rules()), column(pool, 0))
	compared := []string{pool}
	for _, n := range shardCounts {
		name := fmt.Sprintf("%d shards", n)
		columns = append(columns, column(name, n))
		compared = append(compared, name)
	}
	table, err := trace.Measure(trace.Specs(), columns, accesses)
	if err != nil {
		return err
	}
	if err := table.WriteMarkdown(os.Stdout); err != nil {
		return err
	}
	fmt.Println()
	if err := table.WriteComparison(os.Stdout, compared...); err != nil {
		return err
	}
	if plotFile == "" {
		return nil
	}
	return drawPlot(table, plotFile)
}
