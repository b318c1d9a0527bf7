package rival

import (
	"context"

	"github.com/slotpool/slotpool/bench/work"
	"golang.org/x/sync/semaphore"
)

// InStorm are the rivals whose users can give up. Neither has anything but slots.
func InStorm() []work.StormContender {
	return []work.StormContender{
		work.NamedStorm("channel", func(s work.StormShape) work.StormPool {
			p := make(stormChannel, s.Slots)
			for range s.Slots {
				p <- struct{}{}
			}
			return p
		}),
		work.NamedStorm("semaphore", func(s work.StormShape) work.StormPool {
			return stormSemaphore{semaphore.NewWeighted(int64(s.Slots))}
		}),
	}
}

// stormChannel has a message for each free slot.
type stormChannel chan struct{}

func (p stormChannel) Patron(int) work.Patron { return p }

func (p stormChannel) Get(ctx context.Context) bool {
	select {
	case <-p:
		return true
	case <-ctx.Done():
		return false
	}
}

func (p stormChannel) Put() { p <- struct{}{} }

type stormSemaphore struct{ free *semaphore.Weighted }

func (p stormSemaphore) Patron(int) work.Patron { return p }

func (p stormSemaphore) Get(ctx context.Context) bool { return p.free.Acquire(ctx, 1) == nil }
func (p stormSemaphore) Put()                         { p.free.Release(1) }
