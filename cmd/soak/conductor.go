//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// conductor carries out the plan: it sets the load's selection and lets the
// faults of each window strike.
type conductor struct {
	load              *load
	child             *child // nil with -target
	seed              uint64
	limit, shortLimit uint64 // RLIMIT_NOFILE, and while EMFILE strikes
	onWindow          func(w window)

	lock     sync.Mutex
	outcomes [faultCount]outcome
}

// outcome is what came of a fault in the windows in which it was alone.
type outcome struct {
	Struck uint64
	Users  counts
	Pool   poolCounts
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

// run goes through the plan until it is done or ctx is.
func (c *conductor) run(ctx context.Context, plan []window) {
	for i, w := range plan {
		if ctx.Err() != nil {
			return
		}
		c.load.selection.Store(&plan[i].Selection)
		c.onWindow(w)
		before := c.measure(w)
		// A strike may take longer than it should. What follows is put off,
		// rather than cut short.
		begun := time.Now()
		c.strike(ctx, w, begun.Add(w.strikeTime()))
		pause(ctx, time.Until(begun.Add(w.Length)))
		c.account(w, before)
	}
}

// strike runs the window's faults together until their time is over.
func (c *conductor) strike(ctx context.Context, w window, until time.Time) {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	var group sync.WaitGroup
	for _, name := range w.Faults {
		id, ok := faultNamed(name)
		if !ok {
			continue // names were checked with the flags
		}
		rnd := rand.New(rand.NewPCG(c.seed, uint64(id)<<40+uint64(w.Start)))
		group.Go(func() {
			if err := faults[id].strike(ctx, c, id, rnd); err != nil {
				c.load.ledger.trouble(fmt.Errorf("fault %s: %w", name, err))
			}
		})
	}
	group.Wait()
}

func (c *conductor) measure(w window) outcome {
	if len(w.Faults) != 1 {
		return outcome{}
	}
	id, _ := faultNamed(w.Faults[0])
	return outcome{
		Struck: c.load.struckBy[id].Load(),
		Users:  c.load.tally.snapshot(),
		Pool:   poolCountsOf(c.load.pool.Stats()),
	}
}

// account adds what came of a fault that was alone since before.
func (c *conductor) account(w window, before outcome) {
	if len(w.Faults) != 1 {
		return
	}
	id, _ := faultNamed(w.Faults[0])
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
