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

	"github.com/slotpool/slotpool/cmd/soak/report"
	"github.com/slotpool/slotpool/cmd/soak/run"
	"github.com/slotpool/slotpool/cmd/soak/server"
)

func main() { os.Exit(realMain(os.Args[1:])) }

func realMain(arguments []string) int {
	if os.Getenv(server.Env) != "" {
		return server.Main(os.Stdin, os.Stdout)
	}
	status, err := dispatch(arguments, os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return report.StatusClean
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		return report.StatusUsage
	}
	return status
}

func dispatch(arguments []string, stdout, stderr io.Writer) (int, error) {
	if len(arguments) > 0 && arguments[0] == "report" {
		if len(arguments) != 2 {
			return 0, fmt.Errorf("usage: soak report DIR; got %d arguments", len(arguments)-1)
		}
		page, err := report.Remake(arguments[1])
		if err == nil {
			fmt.Fprintln(stdout, page)
		}
		return 0, err
	}
	c, err := run.Parse(arguments, stderr)
	if err != nil {
		return 0, err
	}
	if c.PlanOnly {
		run.PrintPlan(stdout, c)
		return 0, nil
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupts)
	return run.Soak(interrupts, c, stdout)
}
