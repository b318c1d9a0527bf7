//go:build linux

package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/load"
	"github.com/slotpool/slotpool/cmd/soak/server"
	"github.com/slotpool/slotpool/resourcepool"
)

// Conductor carries out the plan: it sets the load's selection and lets the
// faults of each window strike.
type Conductor struct {
	Load              *load.Load
	Child             *server.Child // nil with -target
	Seed              uint64
	Limit, ShortLimit uint64 // RLIMIT_NOFILE, and while EMFILE strikes
	OnWindow          func(w Window)

	lock     sync.Mutex
	outcomes [load.FaultCount]outcome
}

// outcome is what came of a fault in the windows in which it was alone.
type outcome struct {
	Struck uint64
	Users  load.Counts
	Pool   poolCounts
}

// OutcomeOf returns what came of a fault so far.
func (c *Conductor) OutcomeOf(id load.Fault) outcome {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.outcomes[id]
}

// poolCounts are the totals of resourcepool.Stats.
type poolCounts struct {
	Dead, DialErrors, Evictions, Waits, CancelledWaits, Allocations, Gets uint64
}

func poolCountsOf(s resourcepool.Stats) poolCounts {
	return poolCounts{
		Dead: s.DeadOnCheck, DialErrors: s.AllocationErrors, Evictions: s.Evictions, Waits: s.Waits,
		CancelledWaits: s.CancelledWaits, Allocations: s.Allocations, Gets: s.Gets,
	}
}

// Run goes through the plan until it is done or ctx is.
func (c *Conductor) Run(ctx context.Context, plan []Window) {
	for i, w := range plan {
		if ctx.Err() != nil {
			return
		}
		c.Load.Selection.Store(&plan[i].Selection)
		c.OnWindow(w)
		before := c.measure(w)
		// A strike may take longer than it should. What follows is put off,
		// rather than cut short.
		begun := time.Now()
		phase := phaseOf(w)
		if phase == load.PhaseQuiet {
			pause(ctx, quietAfter)
		}
		c.Load.Phase.Store(int32(phase))
		c.strike(ctx, w, begun.Add(w.StrikeTime()))
		if phase == load.PhaseDead {
			c.Load.Phase.Store(int32(load.PhaseOther))
		}
		pause(ctx, time.Until(begun.Add(w.Length)))
		c.Load.Phase.Store(int32(load.PhaseOther))
		c.account(w, before)
	}
}

// strike runs the window's faults together until their time is over.
func (c *Conductor) strike(ctx context.Context, w Window, until time.Time) {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	var group sync.WaitGroup
	for _, name := range w.Faults {
		id, ok := Named(name)
		if !ok {
			continue // names were checked with the flags
		}
		rnd := rand.New(rand.NewPCG(c.Seed, uint64(id)<<40+uint64(w.Start)))
		group.Go(func() {
			if err := All[id].strike(ctx, c, id, rnd); err != nil {
				c.Load.Ledger.Trouble(fmt.Errorf("fault %s: %w", name, err))
			}
		})
	}
	group.Wait()
}

// quietAfter is how long dials and waits of the window before may go on.
const quietAfter = time.Second

// phaseOf is what the window is to the comparison of healthy hosts.
func phaseOf(w Window) load.Phase {
	switch {
	case len(w.Faults) == 0 && w.Start > 0: // the warm-up is not yet as the rest
		return load.PhaseQuiet
	case len(w.Faults) == 1 && w.Faults[0] == All[load.FaultDeadHosts].name:
		return load.PhaseDead
	}
	return load.PhaseOther
}

func (c *Conductor) measure(w Window) outcome {
	if len(w.Faults) != 1 {
		return outcome{}
	}
	id, _ := Named(w.Faults[0])
	return outcome{
		Struck: c.Load.StruckBy[id].Load(),
		Users:  c.Load.Tally.Snapshot(),
		Pool:   poolCountsOf(c.Load.Pool.Stats()),
	}
}

// account adds what came of a fault that was alone since before.
func (c *Conductor) account(w Window, before outcome) {
	if len(w.Faults) != 1 {
		return
	}
	id, _ := Named(w.Faults[0])
	now := c.measure(w)
	c.lock.Lock()
	defer c.lock.Unlock()
	o := &c.outcomes[id]
	o.Struck += now.Struck - before.Struck
	for i := range o.Users {
		o.Users[i] += now.Users[i] - before.Users[i]
	}
	o.Pool.Dead += now.Pool.Dead - before.Pool.Dead
	o.Pool.DialErrors += now.Pool.DialErrors - before.Pool.DialErrors
	o.Pool.Evictions += now.Pool.Evictions - before.Pool.Evictions
	o.Pool.Waits += now.Pool.Waits - before.Pool.Waits
	o.Pool.CancelledWaits += now.Pool.CancelledWaits - before.Pool.CancelledWaits
	o.Pool.Allocations += now.Pool.Allocations - before.Pool.Allocations
	o.Pool.Gets += now.Pool.Gets - before.Pool.Gets
}
