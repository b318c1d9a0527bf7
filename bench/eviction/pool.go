package main

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/slotpool/slotpool/internal/shard"
	"github.com/slotpool/slotpool/internal/trace"
	"github.com/slotpool/slotpool/resourcepool"
)

// column is slotpool with a number of shards, 0 for its own choice.
func column(name string, shards int) trace.Column {
	return trace.Column{Name: name, Dials: func(t *trace.Trace) (int, error) {
		pool, err := newPool(uint(t.Slots), shards)
		if err != nil {
			return 0, err
		}
		return trace.PoolDials(t, func(target trace.Target, key string) trace.Resource {
			return pool.CreateKeyed(target, key)
		})
	}}
}

var threads sync.Mutex // guards GOMAXPROCS

// newPool makes a pool of so many shards, by way of the number of threads it
// goes by. With 0 shards the choice is the pool's.
func newPool(slots uint, shards int) (*resourcepool.Pool, error) {
	threads.Lock()
	defer threads.Unlock()
	if shards == 0 {
		return resourcepool.New(slots, ""), nil
	}
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for n := range maxThreads {
		runtime.GOMAXPROCS(n + 1)
		if shard.Count(slots) == shards {
			return resourcepool.New(slots, ""), nil
		}
	}
	return nil, fmt.Errorf("a pool of %d slots never has %d shards", slots, shards)
}

const maxThreads = 16
