// Command mutants makes one mistake at a time in a copy of the library and runs
// the tests that fit. It fails if the tests do not notice one that is not listed
// as equivalent, if they notice one that is, or if one does not compile.
//
//	go run ./proof/mutants                        # all
//	go run ./proof/mutants -sample 8 -seed 3      # so many
//	go run ./proof/mutants -run '^put'            # those whose name matches
//	go run ./proof/mutants -results kept.jsonl    # goes on where it was cut off
//	go run ./proof/mutants -results kept.jsonl -table
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/slotpool/slotpool/proof/internal/copied"
)

// options are the flags.
type options struct {
	run      string
	sample   int
	seed     int
	explore  time.Duration
	parallel int
	results  string
	check    bool
	table    bool
}

func main() {
	var o options
	flag.StringVar(&o.run, "run", "", "regular expression that the name must match")
	flag.IntVar(&o.sample, "sample", 0, "how many, spread over the list; 0: all")
	flag.IntVar(&o.seed, "seed", int(time.Now().Unix()/(24*3600)), "which sample; without it, others each day")
	flag.DurationVar(&o.explore, "explore", 40*time.Second, "time for the scenarios, at most")
	flag.IntVar(&o.parallel, "parallel", runtime.NumCPU(), "how many at once")
	flag.StringVar(&o.results, "results", "", "file to keep the results in, and to go on from; empty: none")
	flag.BoolVar(&o.check, "check", false, "only look whether each mistake can be made")
	flag.BoolVar(&o.table, "table", false, "only print what is in the results, for a README")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := do(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func do(ctx context.Context, o options) error {
	if flag.NArg() > 0 {
		return fmt.Errorf("what is %q?", flag.Arg(0))
	}
	if o.parallel < 1 || o.sample < 0 || o.explore <= 0 {
		return fmt.Errorf("-parallel %d, -sample %d, -explore %v: too small", o.parallel, o.sample, o.explore)
	}
	wanted, err := regexp.Compile(o.run)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	root, err := copied.Root()
	if err != nil {
		return err
	}
	list, err := read(filepath.Join(root, "proof", "mutants", "list.txt"))
	if err != nil {
		return err
	}
	list = choose(list, wanted, o.sample, o.seed)
	if len(list) == 0 {
		return fmt.Errorf("none has a name that matches %q", o.run)
	}
	switch {
	case o.check:
		return check(root, list)
	case o.table:
		return table(os.Stdout, o.results, list)
	}
	if o.sample > 0 {
		fmt.Printf("sample %d of %d\n", o.seed, len(list))
	}
	return runAll(ctx, root, list, o)
}

// check looks whether each mistake can be made.
func check(root string, list []mutant) error {
	var bad []error
	for _, m := range list {
		if _, _, _, err := m.apply(filepath.Join(root, m.dir)); err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", m.name, err))
		}
	}
	if len(bad) == 0 {
		fmt.Printf("all %d can be made\n", len(list))
	}
	return errors.Join(bad...)
}

// runAll makes the copies, sees that all is well without a mistake, and tries each.
func runAll(ctx context.Context, root string, list []mutant, o options) error {
	all, err := newSnapshot(root, o.explore)
	if err != nil {
		return err
	}
	defer os.RemoveAll(all.dir)
	kept, err := openResults(o.results, all)
	if err != nil {
		return err
	}
	defer kept.close()
	var left []mutant
	t := &tally{total: len(list), kept: kept}
	for _, m := range list {
		if r, ok := kept.of(m); ok {
			t.known(r)
		} else {
			left = append(left, m)
		}
	}
	if len(left) > 0 {
		if err := all.baseline(ctx, left, min(o.parallel, len(left))); err != nil {
			return err
		}
		if err := all.each(ctx, min(o.parallel, len(left)), left, t.add); err != nil {
			return err
		}
	}
	return t.verdict()
}

// tally counts the results.
type tally struct {
	total int
	kept  *results
	of    map[verdict]int
	bad   []string
}

// known counts a result of an earlier run.
func (t *tally) known(r result) {
	if t.of == nil {
		t.of = map[verdict]int{}
	}
	t.of[r.Verdict]++
	if !r.Verdict.fine() {
		t.bad = append(t.bad, r.String())
	}
}

// add counts one that has just been tried.
func (t *tally) add(r result) error {
	fmt.Println(r)
	t.known(r)
	return t.kept.add(r)
}

func (t *tally) verdict() error {
	var parts []string
	for _, v := range verdicts {
		if n := t.of[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	fmt.Printf("of %d: %s\n", t.total, strings.Join(parts, ", "))
	if len(t.bad) > 0 {
		return fmt.Errorf("%d of %d are not as they should be:\n  %s", len(t.bad), t.total, strings.Join(t.bad, "\n  "))
	}
	return nil
}
