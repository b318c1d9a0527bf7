//go:build linux

package check

import (
	"fmt"
	"slices"
	"strings"
)

// Injection is a use of the pool that is broken on purpose, to see that the
// checks would catch a pool that breaks in the same way.
type Injection string

const (
	InjectLeakFD          Injection = LeakFD
	InjectLeakGoroutine   Injection = LeakGoroutine
	InjectDoubleHandout   Injection = DoubleHandout
	InjectForeignAnswer   Injection = ForeignAnswer
	InjectLostWakeup      Injection = LostWakeup
	InjectStaleReuse      Injection = StaleReuse // see load.dialer.track
	InjectCloseOnce       Injection = CloseOnce
	InjectErrors          Injection = Errors
	InjectAccounts        Injection = Accounts
	InjectSlots           Injection = Slots
	InjectSlotsUsable     Injection = SlotsUsable
	InjectEmpty           Injection = Empty
	InjectCloseWait       Injection = CloseWait
	InjectIdleDescriptor  Injection = IdleDescriptor
	InjectHealthyHosts    Injection = HealthyHosts
	InjectAges            Injection = Ages
	InjectInbound         Injection = Inbound
	InjectTrendFD         Injection = TrendFD
	InjectTrendGoroutines Injection = TrendGoroutines
	InjectTrendHeap       Injection = TrendHeap
)

// injections are one for each check.
var injections = []Injection{
	InjectLeakFD, InjectLeakGoroutine, InjectDoubleHandout, InjectForeignAnswer, InjectLostWakeup, InjectStaleReuse,
	InjectCloseOnce, InjectErrors, InjectAccounts, InjectSlots, InjectSlotsUsable, InjectEmpty, InjectCloseWait,
	InjectIdleDescriptor, InjectHealthyHosts, InjectAges, InjectInbound, InjectTrendFD, InjectTrendGoroutines, InjectTrendHeap,
}

// ParseInjection reads the hidden flag -inject.
func ParseInjection(name string) (Injection, error) {
	i := Injection(name)
	if name != "" && !slices.Contains(injections, i) {
		var names []string
		for _, i := range injections {
			names = append(names, string(i))
		}
		return "", fmt.Errorf("-inject %q: want one of %s", name, strings.Join(names, ", "))
	}
	return i, nil
}
