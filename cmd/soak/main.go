//go:build linux

// Command soak runs connpool for a long time while things go wrong, and ends
// with a verdict: whether it leaked, lost or mixed up anything. See README.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const (
	statusClean  = 0
	statusFailed = 1
	statusUsage  = 2 // wrong use, or no way to run
)

func main() { os.Exit(realMain(os.Args[1:])) }

func realMain(arguments []string) int {
	if os.Getenv(serverEnv) != "" {
		return serverMain(os.Stdin, os.Stdout)
	}
	status, err := dispatch(arguments, os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return statusClean
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		return statusUsage
	}
	return status
}

func dispatch(arguments []string, stdout, stderr io.Writer) (int, error) {
	if len(arguments) > 0 && arguments[0] == "report" {
		if len(arguments) != 2 {
			return 0, fmt.Errorf("usage: soak report DIR; got %d arguments", len(arguments)-1)
		}
		page, err := remakeReport(arguments[1])
		if err == nil {
			fmt.Fprintln(stdout, page)
		}
		return 0, err
	}
	c, err := parseConfig(arguments, stderr)
	if err != nil {
		return 0, err
	}
	if c.planOnly {
		printPlan(stdout, c)
		return 0, nil
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupts)
	return soakWith(interrupts, c, stdout)
}

// printPlan shows what a seed decides.
func printPlan(w io.Writer, c *config) {
	fmt.Fprintf(w, "seed %d\n", c.seed)
	for _, p := range makePlan(c.seed, c.duration, c.faults) {
		fmt.Fprintf(w, "%v for %v: %s, faults %v\n", p.Start, p.Length, p.Selection, p.Faults)
	}
	tasks := newTaskSource(c.seed, 0)
	for range 10 {
		fmt.Fprintf(w, "user 0: %+v\n", tasks.next())
	}
}
