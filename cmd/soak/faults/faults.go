//go:build linux

// Package faults is what goes wrong in a soak, and when: the faults, the plan
// that a seed makes of them, and the conductor who carries it out.
package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/load"
	"github.com/slotpool/slotpool/cmd/soak/server"
)

// Fault is one way in which things go wrong. Its strike runs until ctx ends,
// undoes what it did and counts as it goes.
type Fault struct {
	name   string
	How    string
	Unit   string // of what is counted
	server bool   // it is the server that does it, so it needs our own
	strike func(ctx context.Context, c *Conductor, id load.Fault, rnd *rand.Rand) error
}

// All are the faults by number.
var All = [load.FaultCount]Fault{
	load.FaultClose:       {"close-parked", "the server closes connections that wait for a request", "connections", true, idleStrike(server.OpClose)},
	load.FaultReset:       {"reset", "the server resets such connections (closes unix sockets)", "connections", true, idleStrike(server.OpReset)},
	load.FaultHalfClose:   {"half-close", "the server shuts down its sending side of such connections", "connections", true, idleStrike(server.OpHalfClose)},
	load.FaultUnexpected:  {"unexpected-bytes", "the server sends bytes nobody asked for (not by TLS)", "connections", true, idleStrike(server.OpUnexpected)},
	load.FaultNoAnswer:    {"no-answer", "the server accepts and never answers", "requests", true, listenerStrike(server.OpNoAnswer, 0.15)},
	load.FaultSlowAccept:  {"slow-accept", "the server takes 150 ms for each accept", "accepts", true, listenerStrike(server.OpSlowAccept, 0.3)},
	load.FaultRefuse:      {"refuse", "nothing listens", "listeners", true, listenerStrike(server.OpRefuse, 0.25)},
	load.FaultFullBacklog: {"full-backlog", "nothing accepts and the backlog is full", "listeners", true, listenerStrike(server.OpFullBacklog, 0.15)},
	load.FaultCloseUnread: {"close-unread", "the server closes with the request unread (not by TLS)", "requests", true, listenerStrike(server.OpCloseUnread, 0.3)},
	load.FaultStop:        {"stop-continue", "SIGSTOP, then SIGCONT to the server", "stops", true, strikeStop},
	load.FaultKill:        {"kill-restart", "SIGKILL to the server, which is started again", "kills", true, strikeKill},
	load.FaultEMFILE:      {"emfile", "RLIMIT_NOFILE is lowered below what is open", "times", false, strikeEMFILE},
	load.FaultForeign:     {"foreign", "the program opens descriptors of its own and closes them, again and again", "descriptors", false, strikeForeign},
	load.FaultPrlimit:     {"prlimit", "RLIMIT_NOFILE goes up and down", "changes", false, strikePrlimit},
	load.FaultDialFail:    {"dial-fail", "the dialer returns an error, with a connection if it has one", "dials", false, userStrike},
	load.FaultDialPanic:   {"dial-panic", "the dialer panics", "dials", false, userStrike},
	load.FaultDialExit:    {"dial-exit", "the dialer ends its goroutine", "dials", false, userStrike},
	load.FaultDialSlow:    {"dial-slow", "the dialer takes 250 ms longer", "dials", false, userStrike},
	load.FaultCancel:      {"cancel", "Gets are cancelled within 5 ms", "Gets", false, userStrike},
	load.FaultStopReading: {"stop-reading", "the server stops reading, users write until nothing fits and close", "requests", true, deafStrike},
	load.FaultDeadHosts:   {"dead-hosts", "a part of the Gets is for hosts that never accept", "Gets", true, userStrike},
	load.FaultPassing:     {"passing", "addresses appear, are used once and vanish", "addresses", false, userStrike},
	load.FaultSlowNames:   {"slow-names", "the name server takes 300 ms", "queries", true, listenerStrike(server.OpSlowNames, 1)},
	load.FaultSilentNames: {"silent-names", "the name server does not answer", "queries", true, listenerStrike(server.OpSilentNames, 1)},
}

// Named finds a fault by its name.
func Named(name string) (load.Fault, bool) {
	for i := range All {
		if All[i].name == name {
			return load.Fault(i), true
		}
	}
	return 0, false
}

// Parse reads the -faults flag: all, none, or names. Without a server
// of our own, all are those that need none.
func Parse(list string, ownServers bool) ([]string, error) {
	var names []string
	switch list {
	case "none":
		return nil, nil
	case "all":
		for _, f := range All {
			if ownServers || !f.server {
				names = append(names, f.name)
			}
		}
		return names, nil
	}
	for _, name := range strings.Split(list, ",") {
		id, ok := Named(strings.TrimSpace(name))
		if !ok {
			return nil, fmt.Errorf("-faults: %q is not a fault; there are all, none, %s", name, Names())
		}
		if All[id].server && !ownServers {
			return nil, fmt.Errorf("-faults: %q needs servers of the soak's own, not -target", name)
		}
		names = append(names, All[id].name)
	}
	return names, nil
}

// Names are those of all faults, with commas.
func Names() string {
	var names []string
	for _, f := range All {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

const (
	strikeEvery = 100 * time.Millisecond
	strikeShare = 0.2 // of connections, at each of these times
)

// idleStrike strikes again and again at connections that wait.
func idleStrike(op string) func(context.Context, *Conductor, load.Fault, *rand.Rand) error {
	return func(ctx context.Context, c *Conductor, id load.Fault, rnd *rand.Rand) error {
		for {
			n, err := c.Child.Order(server.Command{Op: op, Share: strikeShare, Seed: rnd.Uint64()})
			c.Load.Strikes(id, n)
			if err != nil || !pause(ctx, strikeEvery) {
				return err
			}
		}
	}
}

// listenerStrike puts a share of the listeners in a state for the time.
func listenerStrike(op string, share float64) func(context.Context, *Conductor, load.Fault, *rand.Rand) error {
	return func(ctx context.Context, c *Conductor, id load.Fault, rnd *rand.Rand) error {
		n, err := c.Child.Order(server.Command{Op: op, Share: share, Seed: rnd.Uint64()})
		c.Load.Strikes(id, n)
		if err != nil {
			return err
		}
		<-ctx.Done()
		n, err = c.Child.Order(server.Command{Op: server.OpCalm, State: op})
		c.Load.Strikes(id, n)
		return err
	}
}

func strikeStop(ctx context.Context, c *Conductor, id load.Fault, rnd *rand.Rand) error {
	for {
		length := 150*time.Millisecond + time.Duration(rnd.Int64N(int64(700*time.Millisecond)))
		if err := c.Child.Pause(time.After(length)); err != nil {
			return err
		}
		c.Load.Strikes(id, 1)
		if !pause(ctx, time.Second) {
			return nil
		}
	}
}

func strikeKill(ctx context.Context, c *Conductor, id load.Fault, rnd *rand.Rand) error {
	for {
		down := time.Duration(rnd.Int64N(int64(400 * time.Millisecond)))
		if err := c.Child.Restart(time.After(down)); err != nil {
			return err
		}
		c.Load.Strikes(id, 1)
		if !pause(ctx, 3*time.Second) {
			return nil
		}
	}
}

// deafStrike makes listeners stop reading, and users write until they notice.
func deafStrike(ctx context.Context, c *Conductor, id load.Fault, rnd *rand.Rand) error {
	c.Load.Active.Or(1 << id)
	defer c.Load.Active.And(^uint64(1 << id))
	return listenerStrike(server.OpStopReading, 0.1)(ctx, c, id, rnd)
}

// userStrike is for what users and their dialers do while the fault is on.
func userStrike(ctx context.Context, c *Conductor, id load.Fault, _ *rand.Rand) error {
	c.Load.Active.Or(1 << id)
	<-ctx.Done()
	c.Load.Active.And(^uint64(1 << id))
	return nil
}

// pause sleeps, and reports whether there is time left after it.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
