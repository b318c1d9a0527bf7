package connpool

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// getContext is get for a context, which ends the wait.
func (c *connResource) getContext(ctx context.Context) (*Conn, error) {
	if ctx.Err() != nil {
		return c.getContextSlow(ctx, false)
	}
	r := c.slot.Load()
	held := r != nil && r.TryGetUnchecked()
	if held && c.open.probe.Alive() {
		return c.open.handOut(), nil
	}
	return c.getContextSlow(ctx, held)
}

// getContextSlow is to getContext as getSlow is to get, but that the dial is no longer
// its own once it runs: it goes on when the context is over, for whoever comes next.
func (c *connResource) getContextSlow(ctx context.Context, held bool) (*Conn, error) {
	d := &dial{resource: c, timeout: detachedDialTimeout, landed: c.landed()}
	r := c.resource()
	err := r.Detach(ctx, func() error {
		if !held {
			if err := r.GetContextWith(ctx, d); err != nil {
				return err
			}
			if d.done || c.open.probe.Alive() {
				return nil
			}
		}
		return r.RenewContext(ctx, d)
	})
	if err != nil {
		return nil, c.explain(err)
	}
	return c.open.handOut(), nil
}

// explain says that the dial for which a Get waited in vain has no descriptor.
func (c *connResource) explain(err error) error {
	var wait *resourcepool.WaitError
	if f := c.flight.Load(); f != nil && !f.over.Load() && errors.As(err, &wait) {
		return f.starved.explain(c.network, c.address, wait, madePool.Load())
	}
	return err
}

// detachedDialTimeout limits a dial that no context ends.
const detachedDialTimeout = 30 * time.Second

// flight is one dial of a ConnResource. Its failure is that of all context Gets that
// came before it landed, and so waited for it: of many Gets of one dead address the
// last would else wait for as many dials.
type flight struct {
	err     error // not looked at before over is true
	over    atomic.Bool
	starved starvation
}

// landed returns the last dial if it is over, nil if not, or if there was none.
func (c *connResource) landed() *flight {
	if f := c.flight.Load(); f != nil && f.over.Load() {
		return f
	}
	return nil
}

// failedSince returns the failure of the last dial, if that landed after another had: a
// Get that came in between has waited for it. It may have come before that dial
// began, as it queues for the resource from the moment that another Get has that.
func (c *connResource) failedSince(landed *flight) error {
	if f := c.landed(); f != nil && f != landed {
		return f.err
	}
	return nil
}

// land ends a dial. That a Get was cancelled before it could dial is no failure of the
// address.
func (f *flight) land(err error) {
	if !errors.Is(err, resourcepool.ErrorResourceLimitExceeded) {
		f.err = err
	}
	f.over.Store(true)
}
