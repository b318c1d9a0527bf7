package resourcepool_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// Any channel ends the wait, that of a context too; it is not looked at
// while there is nothing to wait for.
func ExampleResource_Get() {
	pool := resourcepool.New(1, "")
	a := pool.Create(file{"a"})
	cancel := make(chan struct{})
	close(cancel)
	fmt.Println(a.Get(cancel))
	fmt.Println(a.Get(cancel)) // it is in use
	a.Put()
	// Output:
	// open a
	// <nil>
	// timed out waiting for put
}

// slowFile can be told to stop while it is opened.
type slowFile struct{ file }

func (f slowFile) AllocateContext(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Minute): // say, a disk that has to spin up
		return f.Allocate()
	}
}

func ExampleResource_GetContext() {
	pool := resourcepool.New(1, "")
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	err := pool.Create(slowFile{file{"a"}}).GetContext(ctx)
	fmt.Println(err, pool.Stats().InUse)
	// Output: context deadline exceeded 0
}

// An Allocate that is known only at the Get; Release stays that of Create.
func ExampleResource_GetWith() {
	pool := resourcepool.New(1, "")
	a := pool.Create(file{"a"})
	if err := a.GetWith(nil, file{"a, read only"}); err != nil {
		fmt.Println(err)
		return
	}
	a.Release()
	// Output:
	// open a, read only
	// close a
}

func ExampleResource_TryGet() {
	a := resourcepool.New(1, "").Create(file{"a"})
	fmt.Println(a.TryGet()) // it does not open it
	if err := a.Get(nil); err != nil {
		fmt.Println(err)
		return
	}
	a.Put()
	fmt.Println(a.TryGet())
	a.Put()
	// Output:
	// false
	// open a
	// true
}

// Who finds that what it has is dead replaces it, in the slot that it has.
func ExampleResource_Renew() {
	a := resourcepool.New(1, "").Create(file{"a"})
	if err := a.Get(nil); err != nil {
		fmt.Println(err)
		return
	}
	if err := a.Renew(file{"a again"}); err != nil {
		fmt.Println(err) // and it is no longer the caller's
		return
	}
	a.Put()
	// Output:
	// open a
	// close a
	// open a again
}

func ExampleResource_Release() {
	pool := resourcepool.New(1, "")
	a := pool.Create(file{"a"})
	if err := a.Get(nil); err != nil {
		fmt.Println(err)
		return
	}
	defer a.Put() // does nothing after a Release, if nobody has gotten it since
	if err := a.Release(); err != nil {
		fmt.Println(err)
	}
	fmt.Println(pool.Stats().InUse, "in use")
	// Output:
	// open a
	// close a
	// 0 in use
}

func ExampleResource_ScheduleRelease() {
	a := resourcepool.New(1, "").Create(file{"a"})
	if err := a.Get(nil); err != nil {
		fmt.Println(err)
		return
	}
	a.ScheduleRelease() // say, its configuration has changed
	fmt.Println("still in use")
	a.Put()
	// Output:
	// open a
	// still in use
	// close a
}

// A handle remembers which allocation it stands for. Its second Close does not
// take the resource away from the next user.
func ExampleResource_PutGeneration() {
	pool := resourcepool.New(1, "")
	a := pool.Create(file{"a"})
	if err := a.Get(nil); err != nil {
		fmt.Println(err)
		return
	}
	first := a.Generation()
	a.ReleaseGeneration(first)
	if err := a.Get(nil); err != nil { // by another user
		fmt.Println(err)
		return
	}
	a.PutGeneration(first) // late, by the first
	fmt.Println(pool.Stats().InUse, "in use")
	a.PutGeneration(a.Generation())
	fmt.Println(pool.Stats().InUse, "in use")
	// Output:
	// open a
	// close a
	// open a
	// 1 in use
	// 0 in use
}

// server is a connection to something that may go away.
type server struct {
	file
	up bool
}

func (s *server) Allocate() error {
	s.up = true
	return s.file.Allocate()
}

// Alive makes it a Checker.
func (s *server) Alive() bool { return s.up }

// What has died while it was parked is replaced within the next Get.
func ExampleChecker() {
	s := &server{file: file{"a"}}
	a := resourcepool.New(1, "").Create(s)
	for range 2 {
		if err := a.Get(nil); err != nil {
			fmt.Println(err)
			return
		}
		a.Put()
		s.up = false
	}
	// Output:
	// open a
	// close a
	// open a
}

func ExampleWaitError() {
	pool := resourcepool.New(1, "")
	if err := pool.Create(file{"a"}).Get(nil); err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	err := pool.Create(file{"b"}).GetContext(ctx)
	fmt.Println(err)
	fmt.Println(errors.Is(err, resourcepool.ErrorResourceLimitExceeded), errors.Is(err, context.DeadlineExceeded))
	var wait *resourcepool.WaitError
	if errors.As(err, &wait) {
		fmt.Println(wait.Taken, "of", wait.Max, wait.Timeout())
	}
	// Output:
	// open a
	// resource limit exceeded: 1 of 1 slots taken, 0 waiting: context deadline exceeded
	// true true
	// 1 of 1 true
}
