// Command demo shows the pool at its job: hundreds of addresses, far fewer
// descriptors, and all requests answered. It starts the servers itself, on
// loopback and in a process of their own, so that the descriptors it counts
// are the pool's.
//
// It exits with 0 if every request was answered and every descriptor came
// back, with 1 if not, and with 2 if it was called wrongly.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

type options struct {
	addresses, slots, users int
	duration                time.Duration
	http                    string
}

func (o options) check() error {
	switch {
	case flag.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	case o.addresses < 1:
		return fmt.Errorf("-addresses %d: want at least 1", o.addresses)
	case o.slots < 1:
		return fmt.Errorf("-slots %d: want at least 1", o.slots)
	case o.users < 1:
		return fmt.Errorf("-users %d: want at least 1", o.users)
	case o.duration <= 0:
		return fmt.Errorf("-duration %v: want more than 0", o.duration)
	}
	return nil
}

func main() {
	if os.Getenv(serveVariable) != "" {
		exitOn(serve(os.Getenv(serveVariable)), 1)
		return
	}
	var o options
	flag.IntVar(&o.addresses, "addresses", 400, "echo servers to talk to")
	flag.IntVar(&o.slots, "slots", 48, "connections that may be open at a time")
	flag.IntVar(&o.users, "users", 32, "goroutines that send requests")
	flag.DurationVar(&o.duration, "duration", 4*time.Second, "how long to send them")
	flag.StringVar(&o.http, "http", "", "serve a page that shows the pool at this `address` while it runs, such as localhost:8080")
	flag.Parse()
	exitOn(o.check(), 2)
	exitOn(run(o), 1)
}

func exitOn(err error, status int) {
	if err == nil {
		return
	}
	if !errors.Is(err, errVerdict) { // which has been printed
		fmt.Fprintln(os.Stderr, "demo:", err)
	}
	os.Exit(status)
}
