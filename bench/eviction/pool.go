package main

import (
	"sync"
	"time"

	"github.com/slotpool/slotpool/internal/evict"
	"github.com/slotpool/slotpool/internal/shard"
	"github.com/slotpool/slotpool/internal/trace"
	"github.com/slotpool/slotpool/resourcepool"
)

// column is slotpool with a number of shards, 0 for its own choice.
func column(name string, shards int) trace.Column {
	return trace.Column{Name: name, Dials: func(t *trace.Trace) (int, error) {
		pool := newPool(uint(t.Slots), shards) // finds that all dials are free
		return trace.PoolDials(t, func(target trace.Target, key string) trace.Resource {
			return pool.CreateKeyed(target, key)
		})
	}}
}

// openTimed is slotpool that times dials by clock or, if that is nil, finds that
// all are free.
func openTimed(slots int, clock func() time.Duration) trace.Create {
	if clock == nil {
		clock = func() time.Duration { return 0 }
	}
	forcing.Lock()
	defer forcing.Unlock()
	defer evict.ForceClock(clock)()
	p := resourcepool.New(uint(slots), "")
	return func(target trace.Target, key string) trace.Resource { return p.CreateKeyed(target, key) }
}

var forcing sync.Mutex

func newPool(slots uint, shards int) *resourcepool.Pool {
	forcing.Lock()
	defer forcing.Unlock()
	defer shard.Force(shards)()
	defer evict.ForceClock(func() time.Duration { return 0 })()
	return resourcepool.New(slots, "")
}
