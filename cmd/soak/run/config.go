//go:build linux

package run

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/faults"
	"github.com/slotpool/slotpool/cmd/soak/load"
)

// Config is what the command line says.
type Config struct {
	arguments []string
	duration  time.Duration
	target    string
	seed      uint64
	slots     int
	addresses int
	users     int
	rate      float64
	faultList string
	faults    []string
	reportDir string
	interval  time.Duration
	port      int
	waitLimit time.Duration
	http      string
	inject    check.Injection
	apis      []string
	PlanOnly  bool
}

// HiddenFlag works but is not in the usage text: it is for tests.
const HiddenFlag = "inject"

// Parse reads the command line. The error is flag.ErrHelp if it asked for help,
// which stderr has got then.
func Parse(arguments []string, stderr io.Writer) (*Config, error) {
	c := &Config{arguments: arguments}
	var inject, api string
	f := flag.NewFlagSet("soak", flag.ContinueOnError)
	f.SetOutput(io.Discard) // errors are returned, and usage is below
	f.DurationVar(&c.duration, "duration", time.Minute, "how long to run")
	f.StringVar(&c.target, "target", "", "soak these echo servers, `host:port or unix:/path,...`, instead of the soak's own")
	f.Uint64Var(&c.seed, "seed", 0, "of all chance; the same seed repeats the same plan (0: a new one, which is printed)")
	f.IntVar(&c.slots, "slots", 512, "slots of the pool; from 512 on it has several lists, where there are threads for that")
	f.IntVar(&c.addresses, "addresses", 1024, "resources, with an address each")
	f.IntVar(&c.users, "users", 128, "concurrent users")
	f.Float64Var(&c.rate, "rate", 700, "Gets a second, on average, for all users together")
	f.StringVar(&c.faultList, "faults", "all", "which faults strike: all, none, or `names` with commas")
	f.StringVar(&c.reportDir, "report", "", "write samples.jsonl while running and index.html at the end to this `directory`")
	f.DurationVar(&c.interval, "interval", time.Second, "time between samples")
	f.StringVar(&c.http, "http", "", "serve a page that shows the pool at this `address` while it runs, such as localhost:8080")
	f.IntVar(&c.port, "port", 0, "port of the soak's own servers (0: any that is free)")
	f.DurationVar(&c.waitLimit, "wait-limit", 0, "a Get, Put or Close that takes longer is lost, and what is to end by itself has as long, a minute at most (0: a minute, or more if there are very many users)")
	f.StringVar(&api, "api", "all", "which `APIs` of the library to use, with commas, or both for resource and pool, or all")
	f.StringVar(&inject, HiddenFlag, "", "break the use of the pool on purpose")
	f.BoolVar(&c.PlanOnly, "plan", false, "print the plan and the first tasks of a user, and do not run")
	err := f.Parse(arguments)
	if errors.Is(err, flag.ErrHelp) {
		usage(f, stderr)
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if c.inject, err = check.ParseInjection(inject); err != nil {
		return nil, err
	}
	if c.apis, err = load.ParseAPIs(api, c.target == ""); err != nil {
		return nil, err
	}
	if c.seed == 0 {
		c.seed = rand.Uint64() >> 32
	}
	return c, c.validate()
}

func (c *Config) validate() (err error) {
	const (
		mostSlots     = 10000
		mostAddresses = 40000
		mostUsers     = 100000
	)
	switch {
	case c.duration < time.Second:
		return fmt.Errorf("-duration %v: at least 1s", c.duration)
	case c.slots < 2 || c.slots > mostSlots:
		return fmt.Errorf("-slots %d: want 2 to %d", c.slots, mostSlots)
	case c.addresses <= c.slots || c.addresses > mostAddresses:
		return fmt.Errorf("-addresses %d: want more than the %d slots, and at most %d", c.addresses, c.slots, mostAddresses)
	case c.users < 1 || c.users > mostUsers:
		return fmt.Errorf("-users %d: want 1 to %d", c.users, mostUsers)
	case !(c.rate > 0 && c.rate <= 1e6):
		return fmt.Errorf("-rate %v: want more than 0 and at most 1e6", c.rate)
	case c.interval < 10*time.Millisecond || c.interval > c.duration:
		return fmt.Errorf("-interval %v: want 10ms to the duration of %v", c.interval, c.duration)
	case c.port < 0 || c.port > 65535-c.addresses/10:
		return fmt.Errorf("-port %d: want 0 to %d, as the IPv6 addresses take the %d ports after it",
			c.port, 65535-c.addresses/10, c.addresses/10)
	case c.port != 0 && c.target != "":
		return fmt.Errorf("-port %d is for the soak's own servers, not -target", c.port)
	case c.waitLimit != 0 && c.waitLimit < 2*time.Second:
		return fmt.Errorf("-wait-limit %v: at least 2s, as a fault may hold a connection up for about a second", c.waitLimit)
	}
	if c.waitLimit == 0 {
		c.waitLimit = defaultWaitLimit(c.users, c.slots)
	}
	c.faults, err = faults.Parse(c.faultList, c.target == "")
	return err
}

// defaultWaitLimit is far more than a Get can take: users may all stand behind
// each other at one address, or for a slot while each holder meets a fault.
func defaultWaitLimit(users, slots int) time.Duration {
	atOneAddress := time.Duration(users) * 100 * time.Millisecond
	forSlots := time.Duration(users/slots) * 2 * time.Second
	return max(time.Minute, atOneAddress+forSlots)
}

func usage(f *flag.FlagSet, w io.Writer) {
	fmt.Fprintf(w, `soak runs the connection pool for a long time while things go wrong, and
judges whether it leaked, lost or mixed up anything.

  soak [flags]      run; Ctrl-C ends it early, with a verdict
  soak report DIR   make DIR/index.html again from DIR/samples.jsonl

Exit status: 0 clean, 1 a check failed, 2 wrong use or no way to run.

Flags:
`)
	f.VisitAll(func(f *flag.Flag) {
		if f.Name == HiddenFlag {
			return
		}
		name, text := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "  -%s\n", strings.TrimSpace(f.Name+" "+name))
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "0s" {
			text += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		fmt.Fprintf(w, "        %s\n", text)
	})
	fmt.Fprintf(w, "\nFaults: %s.\n", faults.Names())
}
