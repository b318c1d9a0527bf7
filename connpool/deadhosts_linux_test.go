package connpool

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// Three of four addresses do not answer, and each has been dialled in vain once. The parked
// connections of the others stay, and a new address is dialled while the dead ones go on.
func TestDeadHostsLeaveParkedConnectionsAlone(t *testing.T) {
	const slots, healthy, dead = 8, 6, 18
	p := &Pool{Slots: fakeSlots(slots), DialTimeout: 300 * time.Millisecond}
	ctx, stop := context.WithCancel(t.Context())
	var users, failed sync.WaitGroup
	failed.Add(dead)
	for range dead {
		address := testkit.NewStuckDial(t).Address
		users.Go(func() { dialInVain(ctx, t, p, address, sync.OnceFunc(failed.Done)) })
	}
	defer p.Close()
	defer users.Wait()
	defer stop()
	failed.Wait()
	reach := func(address string) {
		testkit.Eventually(t, "a Get of a healthy host", func() bool { // DialTimeout is short for a busy machine
			c, err := p.Get(ctx, "tcp", address)
			if err == nil {
				c.Put()
			}
			return err == nil
		})
	}
	var well []string
	for range healthy {
		address := newEcho(t)
		reach(address)
		well = append(well, address)
	}
	for range 3 {
		dials := p.Stats().Dials.TimedOut + dead/3
		testkit.Eventually(t, "more dials that nobody answers", func() bool { return p.Stats().Dials.TimedOut >= dials })
		for _, address := range well {
			c, ok := p.TryGet("tcp", address)
			if !ok {
				t.Fatal("a parked connection was evicted for a dead host")
			}
			c.Put()
		}
	}
	reach(newEcho(t))
}

// dialInVain gets from a host that does not answer until the end of ctx. Each time that it
// was dialled it says so.
func dialInVain(ctx context.Context, t *testing.T, p *Pool, address string, dialled func()) {
	for ctx.Err() == nil {
		c, err := p.Get(ctx, "tcp", address)
		var noSlot *resourcepool.WaitError
		switch {
		case err == nil:
			t.Error("a dead host has answered")
			_ = c.Close()
		case !errors.As(err, &noSlot):
			dialled()
		}
	}
}
