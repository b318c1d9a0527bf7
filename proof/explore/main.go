// Command explore runs the scenarios of proof/scenario on a copy of the library
// in which each atomic, lock and channel operation is a choice point.
//
//	go run ./proof/explore                     # 100 s in all
//	go run ./proof/explore -for 8h
//	go run ./proof/explore -run TestExplore/two_on_one
//	EXPLORE_SCHEDULE=s.0x4.1 go run ./proof/explore -run TestExplore/two_on_one
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/slotpool/slotpool/proof/internal/copied"
)

func main() {
	howLong := flag.Duration("for", 100*time.Second, "time for all scenarios together")
	run := flag.String("run", "Explore", "which tests, as for go test -run")
	seed := flag.Uint64("seed", 1, "first seed of the schedules and programs at random")
	keep := flag.String("keep", "", "directory to put the copy in; empty: one that is removed at the end")
	packages := flag.String("packages", "./...", "packages of the copy")
	verbose := flag.Bool("v", true, "say how much each scenario was explored")
	flag.Parse()
	if err := explore(*howLong, *run, *keep, *packages, *seed, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "explore:", err)
		os.Exit(1)
	}
}

func explore(howLong time.Duration, run, dir, packages string, seed uint64, verbose bool) error {
	root, err := copied.Root()
	if err != nil {
		return err
	}
	if dir == "" {
		if dir, err = os.MkdirTemp("", "explore"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	if err := copied.Make(root, root+"/proof", dir); err != nil {
		return err
	}
	args := copied.Test("-run", run, "-timeout", (howLong*5 + 5*time.Minute).String())
	if verbose {
		args = append(args, "-v")
	}
	c := copied.Command(dir, append(args, "-p=1", packages)...)
	c.Env = append(c.Env, "EXPLORE_FOR="+howLong.String(), fmt.Sprintf("EXPLORE_SEED=%d", seed))
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	return c.Run()
}
