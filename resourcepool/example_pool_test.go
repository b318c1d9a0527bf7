package resourcepool_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// park gets and puts each of these resources once.
func park(pool *resourcepool.Pool, targets ...resourcepool.AllocateReleaser) {
	for _, target := range targets {
		r := pool.Create(target)
		if err := r.Get(nil); err != nil {
			fmt.Println(err)
			return
		}
		r.Put()
	}
}

// quiet is a resource that prints nothing.
type quiet struct{}

func (quiet) Allocate() error { return nil }
func (quiet) Release() error  { return nil }

// Slots by number: for a program that is to be run, say, and needs three descriptors
// for its pipes.
func ExamplePool_Acquire() {
	pool := resourcepool.New(4, "")
	park(pool, quiet{}, quiet{})
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := pool.Acquire(ctx, 3); err != nil { // all three or none
		fmt.Println(err)
		return
	}
	fmt.Println(pool.Stats().InUse, "in use,", pool.Stats().Idle, "idle")
	pool.Free(3)
	// Output: 3 in use, 1 idle
}

func ExamplePool_TryAcquire() {
	pool := resourcepool.New(2, "")
	fmt.Println(pool.TryAcquire(2), pool.TryAcquire(1))
	pool.Free(1)
	fmt.Println(pool.TryAcquire(1))
	pool.Free(2)
	// Output:
	// true false
	// true
}

// What serves inbound connections may have 3 of 4 slots, so that one is always left
// for what answering them takes.
func ExamplePool_Sub() {
	pool := resourcepool.New(4, "")
	inbound := pool.Sub(3, "")
	for inbound.TryAcquire(1) {
	}
	fmt.Println(inbound.Stats().InUse, pool.Stats().InUse, pool.TryAcquire(1))
	// Output: 3 3 true
}

// Fewer slots evict what is idle; what is in use goes at its Put.
func ExamplePool_SetMax() {
	pool := resourcepool.New(2, "")
	park(pool, quiet{}, quiet{})
	pool.SetMax(1)
	fmt.Println(pool.Stats().Max, "slot,", pool.Stats().Idle, "idle")
	// Output: 1 slot, 1 idle
}

func ExamplePool_ReleaseIdle() {
	pool := resourcepool.New(3, "")
	park(pool, quiet{}, quiet{}, quiet{})
	fmt.Println(pool.ReleaseIdle(2), pool.Stats().Idle)
	// Output: 2 1
}

func ExamplePool_Shutdown() {
	pool := resourcepool.New(2, "")
	a := pool.Create(file{"a"})
	if err := a.Get(nil); err != nil {
		fmt.Println(err)
		return
	}
	go a.Put() // its user has something left to do

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	fmt.Println(pool.Shutdown(ctx))
	fmt.Println(a.Get(nil))
	// Output:
	// open a
	// close a
	// <nil>
	// resource pool closed
}

func ExamplePool_Close() {
	pool := resourcepool.New(2, "")
	park(pool, file{"a"})
	b := pool.Create(file{"b"})
	if err := b.Get(nil); err != nil {
		fmt.Println(err)
		return
	}
	pool.Close()
	fmt.Println("closed")
	b.Put()
	// Output:
	// open a
	// open b
	// close a
	// closed
	// close b
}

// An owner of what is in use, but could be given up, is told when somebody waits.
func ExamplePool_OnShortage() {
	pool := resourcepool.New(1, "")
	cache := pool.Create(file{"cache"})
	if err := cache.Get(nil); err != nil {
		fmt.Println(err)
		return
	}
	stop := pool.OnShortage(func() { cache.Release() })
	defer stop()
	if err := pool.Create(file{"a"}).Get(nil); err != nil {
		fmt.Println(err)
	}
	// Output:
	// open cache
	// close cache
	// open a
}

func ExamplePool_Times() {
	pool := resourcepool.New(1, "")
	park(pool, quiet{}, quiet{})
	times := pool.Times()
	fmt.Println(times.Allocate.Count(), "Allocates, of which 99 in 100 took less than a second:",
		times.Allocate.Quantile(0.99) < time.Second)
	// Output: 2 Allocates, of which 99 in 100 took less than a second: true
}

// Pools with a name can be found again, to show their figures.
func ExamplePools() {
	pool := resourcepool.New(8, "disk")
	inbound := pool.Sub(4, "disk/inbound")
	for name, p := range resourcepool.Pools() {
		if strings.HasPrefix(name, "disk") {
			fmt.Println(name, p.Stats().Max, p.Parent() == pool)
		}
	}
	inbound.Close()
	// Output:
	// disk 8 false
	// disk/inbound 4 true
}
