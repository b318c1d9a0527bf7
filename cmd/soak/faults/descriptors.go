//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/load"
	"github.com/slotpool/slotpool/cmd/soak/proc"
)

const (
	foreignEvery = 150 * time.Millisecond
	prlimitEvery = 80 * time.Millisecond
)

// strikeEMFILE lowers the limit so that half of the slots have no descriptor. No
// user should see an error for that: the pool makes room, or waits.
func strikeEMFILE(ctx context.Context, c *Conductor, id load.Fault, rnd *rand.Rand) error {
	if err := proc.SetLimit(c.ShortLimit); err != nil {
		return err
	}
	c.Load.Strikes(id, 1)
	_ = userStrike(ctx, c, id, rnd) // only waits: it has no error
	return proc.SetLimit(c.Limit)
}

// strikeForeign opens descriptors that are no pool's, up to as many as leave
// half of the slots without one, and closes them a moment later.
func strikeForeign(ctx context.Context, c *Conductor, id load.Fault, rnd *rand.Rand) error {
	var open []*os.File
	closeAll := func() {
		for _, f := range open {
			f.Close()
		}
		open = open[:0]
	}
	defer closeAll()
	for {
		for range rnd.Uint64N(c.Limit - c.ShortLimit + 1) {
			f, err := os.Open(os.DevNull)
			if errors.Is(err, syscall.EMFILE) {
				break // for now there are none left at all
			}
			if err != nil {
				return err
			}
			open = append(open, f)
		}
		c.Load.Strikes(id, uint64(len(open)))
		if !pause(ctx, foreignEvery) {
			return nil
		}
		closeAll()
	}
}

// strikePrlimit moves the limit up and down, from half of the slots to half as
// many again, as far as the hard limit lets it.
func strikePrlimit(ctx context.Context, c *Conductor, id load.Fault, rnd *rand.Rand) (err error) {
	defer func() { err = errors.Join(err, proc.SetLimit(c.Limit)) }()
	hard, err := proc.HardLimit()
	if err != nil {
		return err
	}
	most := min(2*c.Limit-c.ShortLimit, hard)
	for {
		soft := c.ShortLimit + rnd.Uint64N(most-c.ShortLimit+1)
		if err := proc.SetLimit(soft); err != nil {
			return fmt.Errorf("to %d: %w", soft, err)
		}
		c.Load.Strikes(id, 1)
		if !pause(ctx, prlimitEvery) {
			return nil
		}
	}
}
