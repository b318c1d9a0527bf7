//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/slotpool/slotpool/connpool"
)

// injection is a use of the pool that is broken on purpose, to see that the
// checks would catch a pool that breaks in the same way.
type injection string

const (
	injectLeakFD        injection = checkLeakFD
	injectLeakGoroutine injection = checkLeakGoroutine
	injectDoubleHandout injection = checkDoubleHandout
	injectLostWakeup    injection = checkLostWakeup
	injectStaleReuse    injection = checkStale // see load.track
)

var injections = []injection{
	injectLeakFD, injectLeakGoroutine, injectDoubleHandout, injectLostWakeup, injectStaleReuse,
}

func parseInjection(name string) (injection, error) {
	i := injection(name)
	if name != "" && !slices.Contains(injections, i) {
		var names []string
		for _, i := range injections {
			names = append(names, string(i))
		}
		return "", fmt.Errorf("-inject %q: want one of %s", name, strings.Join(names, ", "))
	}
	return i, nil
}

const (
	injectEvery   = 64 // turns of a user
	mostLeaks     = 20
	lostWakeups   = 2
	secondHolding = 30 * time.Millisecond
)

// due reports whether a user shall break something at this turn.
func (u *user) due(i injection) bool {
	return u.load.inject == i && u.turns%injectEvery == uint64(u.id)%injectEvery
}

// injectInUse breaks what can be broken while a connection is in use.
func (u *user) injectInUse(s *site) {
	if u.due(injectLeakFD) && u.load.injected.Add(1) <= mostLeaks {
		if raw := s.last.Load().raw; raw != nil {
			_ = raw.Control(func(fd uintptr) { _, _ = syscall.Dup(int(fd)) })
		}
	}
	if u.due(injectLeakGoroutine) && u.load.injected.Add(1) <= mostLeaks {
		go leakedGoroutine()
	}
}

// leakedGoroutine is named for the profile that names it.
func leakedGoroutine() { select {} }

// injectAfterPut goes on using a connection that is no longer the user's.
func (u *user) injectAfterPut(s *site, c *connpool.Conn, holder int64) bool {
	if !u.due(injectDoubleHandout) {
		return false
	}
	inner := c.Conn
	c.Put()
	u.fill(s, frameHeader)
	_ = exchange(inner, u.request, u.scratch)
	time.Sleep(secondHolding)
	s.holder.CompareAndSwap(holder, 0)
	return true
}

// injectLostWakeup forgets to wake the user whose Get has been served.
func (u *user) injectLostWakeup(c *connpool.Conn) bool {
	if !u.due(injectLostWakeup) || u.load.injected.Add(1) > lostWakeups {
		return false
	}
	c.Put()
	<-u.load.abandoned
	return true
}
