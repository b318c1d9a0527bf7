package resourcepool

import (
	"context"
	"errors"
)

var (
	// ErrorPutTimeout is returned, unwrapped, by a Get that was cancelled while
	// another user held the resource. The name is inherited from the reference.
	ErrorPutTimeout = errors.New("timed out waiting for put")

	// ErrorResourceLimitExceeded is returned, unwrapped, by a Get that was
	// cancelled while it waited for a slot.
	ErrorResourceLimitExceeded = errors.New("resource limit exceeded")

	// ErrPoolClosed is returned, unwrapped, by Gets and Acquires of a pool that is
	// closed. errors.Is finds net.ErrClosed in it.
	ErrPoolClosed error = poolClosed{}
)

// WaitError is the error of a Get or Acquire whose context ended the wait.
// errors.Is finds in it Err, the error of the context, and the cause of the
// context.
type WaitError struct {
	// Err says what was waited for: ErrorResourceLimitExceeded for a slot, and
	// ErrorPutTimeout for a resource or an Allocate that another had.
	Err error

	Pool    string // name of the pool; "" for one without a name
	Max     uint   // its slots
	Taken   uint   // of these, those that were not free
	Waiting uint   // others that waited, for a slot or a resource

	ctx, cause error
}

// Error says what was waited for, how full the pool was, and why the wait ended.
func (e *WaitError) Error() string { return e.error() }

// Timeout reports whether a deadline ended the wait. It is part of net.Error.
func (e *WaitError) Timeout() bool { return e.timeout() }

// Temporary returns true: a later try may succeed. It is part of net.Error.
func (e *WaitError) Temporary() bool { return true }

// Unwrap returns Err, the error of the context, and its cause.
func (e *WaitError) Unwrap() []error { return e.unwrap() }

// MakeImmediateCanceler returns a channel with one message in it. Given to a Get,
// it makes the Get fail rather than wait. A Get that need not wait leaves the
// message in the channel; one that fails takes it. So use a canceler once.
func MakeImmediateCanceler() <-chan struct{} {
	c := make(chan struct{}, 1)
	c <- struct{}{}
	return c
}

// Allocator makes the underlying thing of a resource.
type Allocator interface {
	// Allocate is called with a slot in hand, on the goroutine of a Get that found the
	// resource empty. If it returns an error or panics, the resource stays empty and its
	// slot is free again. The Get returns the error, or the panic passes through it.
	Allocate() error
}

// ContextAllocator is an Allocator that can be told to stop. The context verbs,
// such as GetContext, call AllocateContext instead of Allocate if the target has
// it.
type ContextAllocator interface {
	AllocateContext(ctx context.Context) error
}

// Checker is an AllocateReleaser that knows whether what it allocated still works.
// Alive is asked by each Get before an idle resource is handed out, and when a
// resource is handed over to a waiter.
//
//   - true: the Get goes on.
//   - false: the Get replaces it, as Renew does. TryGet releases it and reports
//     false.
//   - a panic: the resource is released, and the panic passes through.
//
// Alive must not block. Each Get of such a resource costs what Alive costs.
type Checker interface {
	Alive() bool
}

// AllocateReleaser makes and destroys the underlying thing of a resource.
//
//   - Calls for one resource never overlap. Calls for different resources are
//     concurrent.
//   - Release is called exactly once for each successful Allocate, however the slot
//     comes to be given up.
//   - Both are called with no lock held, and may use the same pool. But neither may
//     Get the resource that it is called for.
//   - Release may run on the goroutine of any Get. So it must not wait for a
//     resource that such a goroutine could be getting.
type AllocateReleaser interface {
	Allocator

	// Release is called on the goroutine that gives the slot up:
	//
	//   - that of a Resource.Release, ScheduleRelease or Put of the resource
	//   - that of a Get of another resource which needs the slot
	//   - one of its own, if that Get can be cancelled: then a slow Release does not hold up
	//     the Get beyond its cancellation. A panic is raised in the Get if that still waits,
	//     else it is logged.
	//
	// The slot is free again when Release returns or panics. The error changes nothing: it is
	// given to whoever called Resource.Release.
	Release() error
}
