//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// faultID numbers the faults.
type faultID int

const (
	faultClose faultID = iota
	faultReset
	faultHalfClose
	faultUnexpected
	faultNoAnswer
	faultSlowAccept
	faultRefuse
	faultFullBacklog
	faultCloseUnread
	faultStop
	faultKill
	faultEMFILE
	faultDialFail
	faultDialPanic
	faultDialExit
	faultDialSlow
	faultCancel
	faultCount
)

// fault is one way in which things go wrong. Its strike runs until ctx ends,
// undoes what it did and counts as it goes.
type fault struct {
	name   string
	how    string
	unit   string // of what is counted
	server bool   // it is the server that does it, so it needs our own
	strike func(ctx context.Context, c *conductor, id faultID, rnd *rand.Rand) error
}

var faults = [faultCount]fault{
	faultClose:       {"close-parked", "the server closes connections that wait for a request", "connections", true, idleStrike(opClose)},
	faultReset:       {"reset", "the server resets such connections (closes unix sockets)", "connections", true, idleStrike(opReset)},
	faultHalfClose:   {"half-close", "the server shuts down its sending side of such connections", "connections", true, idleStrike(opHalfClose)},
	faultUnexpected:  {"unexpected-bytes", "the server sends bytes nobody asked for (not by TLS)", "connections", true, idleStrike(opUnexpected)},
	faultNoAnswer:    {"no-answer", "the server accepts and never answers", "requests", true, listenerStrike(opNoAnswer, 0.15)},
	faultSlowAccept:  {"slow-accept", "the server takes 150 ms for each accept", "accepts", true, listenerStrike(opSlowAccept, 0.3)},
	faultRefuse:      {"refuse", "nothing listens", "listeners", true, listenerStrike(opRefuse, 0.25)},
	faultFullBacklog: {"full-backlog", "nothing accepts and the backlog is full", "listeners", true, listenerStrike(opFullBacklog, 0.15)},
	faultCloseUnread: {"close-unread", "the server closes with the request unread (not by TLS)", "requests", true, listenerStrike(opCloseUnread, 0.3)},
	faultStop:        {"stop-continue", "SIGSTOP, then SIGCONT to the server", "stops", true, strikeStop},
	faultKill:        {"kill-restart", "SIGKILL to the server, which is started again", "kills", true, strikeKill},
	faultEMFILE:      {"emfile", "RLIMIT_NOFILE is lowered below what is open", "dials", false, strikeEMFILE},
	faultDialFail:    {"dial-fail", "the dialer returns an error, with a connection if it has one", "dials", false, userStrike},
	faultDialPanic:   {"dial-panic", "the dialer panics", "dials", false, userStrike},
	faultDialExit:    {"dial-exit", "the dialer ends its goroutine", "dials", false, userStrike},
	faultDialSlow:    {"dial-slow", "the dialer takes 250 ms longer", "dials", false, userStrike},
	faultCancel:      {"cancel", "Gets are cancelled within 5 ms", "Gets", false, userStrike},
}

// faultBits are a set of faults.
type faultBits uint64

const dialFaults faultBits = 1<<faultDialFail | 1<<faultDialPanic | 1<<faultDialExit | 1<<faultDialSlow

func (b faultBits) has(id faultID) bool { return b&(1<<id) != 0 }

func faultNamed(name string) (faultID, bool) {
	for i := range faults {
		if faults[i].name == name {
			return faultID(i), true
		}
	}
	return 0, false
}

// parseFaults reads the -faults flag: all, none, or names. Without a server
// of our own, all are those that need none.
func parseFaults(list string, ownServers bool) ([]string, error) {
	var names []string
	switch list {
	case "none":
		return nil, nil
	case "all":
		for _, f := range faults {
			if ownServers || !f.server {
				names = append(names, f.name)
			}
		}
		return names, nil
	}
	for _, name := range strings.Split(list, ",") {
		id, ok := faultNamed(strings.TrimSpace(name))
		if !ok {
			return nil, fmt.Errorf("-faults: %q is not a fault; there are all, none, %s", name, faultNames())
		}
		if faults[id].server && !ownServers {
			return nil, fmt.Errorf("-faults: %q needs servers of the soak's own, not -target", name)
		}
		names = append(names, faults[id].name)
	}
	return names, nil
}

func faultNames() string {
	var names []string
	for _, f := range faults {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

const (
	strikeEvery = 100 * time.Millisecond
	strikeShare = 0.2 // of connections, at each of these times
)

// idleStrike strikes again and again at connections that wait.
func idleStrike(op string) func(context.Context, *conductor, faultID, *rand.Rand) error {
	return func(ctx context.Context, c *conductor, id faultID, rnd *rand.Rand) error {
		for {
			n, err := c.child.order(command{Op: op, Share: strikeShare, Seed: rnd.Uint64()})
			c.load.strikes(id, n)
			if err != nil || !pause(ctx, strikeEvery) {
				return err
			}
		}
	}
}

// listenerStrike puts a share of the listeners in a state for the time.
func listenerStrike(op string, share float64) func(context.Context, *conductor, faultID, *rand.Rand) error {
	return func(ctx context.Context, c *conductor, id faultID, rnd *rand.Rand) error {
		n, err := c.child.order(command{Op: op, Share: share, Seed: rnd.Uint64()})
		c.load.strikes(id, n)
		if err != nil {
			return err
		}
		<-ctx.Done()
		n, err = c.child.order(command{Op: opCalm, State: op})
		c.load.strikes(id, n)
		return err
	}
}

func strikeStop(ctx context.Context, c *conductor, id faultID, rnd *rand.Rand) error {
	for {
		length := 150*time.Millisecond + time.Duration(rnd.Int64N(int64(700*time.Millisecond)))
		if err := c.child.pause(time.After(length)); err != nil {
			return err
		}
		c.load.strikes(id, 1)
		if !pause(ctx, time.Second) {
			return nil
		}
	}
}

func strikeKill(ctx context.Context, c *conductor, id faultID, rnd *rand.Rand) error {
	for {
		down := time.Duration(rnd.Int64N(int64(400 * time.Millisecond)))
		if err := c.child.restart(time.After(down)); err != nil {
			return err
		}
		c.load.strikes(id, 1)
		if !pause(ctx, 3*time.Second) {
			return nil
		}
	}
}

// strikeEMFILE lowers the limit so that half of the slots have no descriptor.
func strikeEMFILE(ctx context.Context, c *conductor, _ faultID, _ *rand.Rand) error {
	if err := setLimit(c.shortLimit); err != nil {
		return err
	}
	<-ctx.Done()
	return setLimit(c.limit)
}

// userStrike is for what users and their dialers do while the fault is on.
func userStrike(ctx context.Context, c *conductor, id faultID, _ *rand.Rand) error {
	c.load.active.Or(1 << id)
	<-ctx.Done()
	c.load.active.And(^uint64(1 << id))
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
