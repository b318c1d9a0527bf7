package main

import (
	"sync"

	"github.com/slotpool/slotpool/internal/shard"
	"github.com/slotpool/slotpool/internal/trace"
	"github.com/slotpool/slotpool/resourcepool"
)

// column is slotpool with a number of shards, 0 for its own choice.
func column(name string, shards int) trace.Column {
	return trace.Column{Name: name, Dials: func(t *trace.Trace) (int, error) {
		pool := newPool(uint(t.Slots), shards)
		return trace.PoolDials(t, func(target trace.Target, key string) trace.Resource {
			return pool.CreateKeyed(target, key)
		})
	}}
}

var forcing sync.Mutex

func newPool(slots uint, shards int) *resourcepool.Pool {
	forcing.Lock()
	defer forcing.Unlock()
	defer shard.Force(shards)()
	return resourcepool.New(slots, "")
}
