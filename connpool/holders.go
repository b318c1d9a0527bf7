package connpool

import (
	"fmt"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// holding is what is known of the user of a connection, if HoldWarning is set.
type holding struct {
	Holder
	after  time.Duration
	warned atomic.Bool
}

// holdersProfile is made by the first Get of a Pool with a HoldWarning.
var holdersProfile = sync.OnceValue(func() *pprof.Profile { return pprof.NewProfile("slotpool.holders") })

const maxStack = 32

// hold notes who got the connection.
func (m *member) hold() {
	after := m.host.pool.settings.HoldWarning
	if after == 0 {
		return
	}
	var stack [maxStack]uintptr
	n := runtime.Callers(callersOfGet, stack[:])
	held := &holding{after: after, Holder: Holder{m.host.network, m.host.address, time.Now(), append([]uintptr(nil), stack[:n]...)}}
	m.held.Store(held)
	holdersProfile().Add(held, callersOfGet-1)
}

// callersOfGet leaves out runtime.Callers, hold and hand.
const callersOfGet = 3

func (m *member) unhold() {
	held := m.held.Swap(nil)
	if held == nil {
		return
	}
	holdersProfile().Remove(held)
	took := time.Since(held.Since)
	m.host.pool.journal.hold.Observe(took)
	if held.warned.Load() {
		m.host.pool.settings.complain("connpool: a connection that was held for long came back",
			"network", held.Network, "address", held.Address, "held", took)
	}
}

// tooLong says so once.
func (h *holding) tooLong(now time.Time) bool {
	return now.Sub(h.Since) >= h.after && h.warned.CompareAndSwap(false, true)
}

func (h *hooks) warnHeld(held *holding, now time.Time) {
	h.complain("connpool: a connection is held for long", "network", held.Network, "address", held.Address,
		"held", now.Sub(held.Since), "stack", held.stack())
}

func (h *holding) stack() string {
	var b strings.Builder
	frames := h.Frames()
	for {
		f, more := frames.Next()
		fmt.Fprintf(&b, "%s\n\t%s:%d\n", f.Function, f.File, f.Line)
		if !more {
			return b.String()
		}
	}
}

// holders yields who has a connection, without a lock held.
func (p *pool) holders(yield func(Holder) bool) {
	for seen := range p.glances {
		for _, m := range seen.open {
			if !m.slot.Seen().InUse {
				continue
			}
			held := Holder{Network: m.host.network, Address: m.host.address}
			if known := m.held.Load(); known != nil {
				held = known.Holder
			}
			if !yield(held) {
				return
			}
		}
	}
}
