package resourcepool_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// numbered returns what makes files a1, a2 and so on.
func numbered(name string) func() resourcepool.AllocateReleaser {
	n := 0
	return func() resourcepool.AllocateReleaser {
		n++
		return file{fmt.Sprint(name, n)}
	}
}

// Several connections to one address are a group: a Get takes the one that was put last, and
// what it has is known by Target.
func ExampleGroup() {
	pool := resourcepool.New(8, "")
	group := pool.NewGroup("a:1", 2, numbered("a"))
	ctx := context.Background()
	first, err := group.Get(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	second, err := group.Get(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	group.Put(first, first.Generation())
	third, err := group.Get(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(third.Target().(file).name)
	second.ReleaseGeneration(second.Generation()) // it is of no more use
	group.Put(third, third.Generation())
	fmt.Println(pool.Stats().Idle, "idle")
	// Output:
	// open a1
	// open a2
	// a1
	// close a2
	// 1 idle
}

func ExampleGroup_TryGet() {
	group := resourcepool.New(8, "").NewGroup("a:1", 0, numbered("a"))
	fmt.Println(group.TryGet() == nil)
	if opened, err := group.Open(context.Background()); !opened {
		fmt.Println("no free slot, or", err)
		return
	}
	r := group.TryGet()
	fmt.Println(r.Target().(file).name)
	group.Put(r, r.Generation())
	// Output:
	// true
	// open a1
	// a1
}

// Who finds its member dead gets another, in the slot of that one.
func ExampleGroup_Renew() {
	group := resourcepool.New(1, "").NewGroup("a:1", 0, numbered("a"))
	ctx := context.Background()
	r, err := group.Get(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	if r, err = group.Renew(ctx, r); err != nil {
		fmt.Println(err)
		return
	}
	group.Put(r, r.Generation())
	// Output:
	// open a1
	// close a1
	// open a1
}

// No Get may wait: one that would have to is refused at once.
func ExampleWaitLimit() {
	group := resourcepool.New(1, "").NewGroup("a:1", 0, numbered("a"))
	errBusy := errors.New("too many wait")
	group.LimitWaiting(&resourcepool.WaitLimit{Max: 0, Err: errBusy})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	r, err := group.Get(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = group.Get(ctx)
	fmt.Println(err)
	group.Put(r, r.Generation())
	// Output:
	// open a1
	// too many wait
}

// Three calls at once share what one resource holds, which is put when the last has
// ended.
func ExampleShared() {
	pool := resourcepool.New(1, "")
	client := resourcepool.NewShared(pool.Create(file{"client"}), 100)
	var leases []resourcepool.Lease
	for range 3 {
		lease, err := client.GetContext(context.Background())
		if err != nil {
			fmt.Println(err)
			return
		}
		leases = append(leases, lease)
	}
	for _, lease := range leases {
		fmt.Println(pool.Stats().InUse, pool.Stats().Idle)
		lease.Put()
	}
	fmt.Println(pool.Stats().InUse, pool.Stats().Idle)
	// Output:
	// open client
	// 1 0
	// 1 0
	// 1 0
	// 0 1
}

// A call that finds the connection broken says so: nobody else gets it, and it is closed
// when the calls that run on it have ended.
func ExampleLease_Release() {
	client := resourcepool.NewShared(resourcepool.New(1, "").Create(file{"client"}), 0)
	ctx := context.Background()
	one, err := client.GetContext(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	other, err := client.GetContext(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	one.Release()
	fmt.Println("another call runs on it")
	other.Put()
	// Output:
	// open client
	// another call runs on it
	// close client
}
