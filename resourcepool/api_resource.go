package resourcepool

import "context"

// Resource is one thing that needs a slot while it is allocated. It is made by
// Pool.Create and must not be copied. All methods may be called concurrently.
type Resource struct{ r resource }

// Get makes the resource the caller's, who owes a Put or a Release for each Get
// that returned nil.
//
//   - If the resource is idle, Get takes it at once.
//   - If it is empty, Get takes a free slot, or that of an idle resource, which is
//     evicted, and calls Allocate.
//   - Otherwise it waits for its turn, in order of arrival.
//
// The wait ends when cancelChannel is closed or has a message, of which Get takes
// at most one. nil never cancels; a context's Done channel fits. The channel is
// looked at only while waiting.
//
// If as many users share the pool as it has slots, and each has one slot at most,
// no Get is refused for want of a slot, also with an immediate canceler. A slot of
// an idle resource that a user is releasing counts as that user's.
//
// The error is one of these:
//
//   - ErrorPutTimeout, if cancelled while another user had the resource
//   - ErrorResourceLimitExceeded, if cancelled while waiting for a slot
//   - ErrPoolClosed, if the pool is closed
//   - that of Allocate, as it was returned
func (r *Resource) Get(cancelChannel <-chan struct{}) error {
	if r.r.tryGet() {
		return nil
	}
	return r.r.getSlow(cancelChannel, r.r.target)
}

// GetContext is Get with a context. A context that is over is an error at once,
// also with a slot free. Once the resource has its slot, GetContext looks at the
// context no more. AllocateContext, if the target has it, is given the context, on
// the caller's goroutine.
//
// The error is a *WaitError if ctx ended the wait, ErrPoolClosed if the pool is
// closed, and otherwise that of the allocation, as it was returned.
func (r *Resource) GetContext(ctx context.Context) error { return r.r.getContext(ctx, r.r.target) }

// GetContextWith is GetContext with another Allocate for this one call.
func (r *Resource) GetContextWith(ctx context.Context, a Allocator) error {
	return r.r.getContext(ctx, a)
}

// Detach calls get on a goroutine of its own, and waits for its end or that of ctx.
// get is to get this resource, by GetContextWith. So an Allocate is not lost with
// the Get that began it.
//
//   - get ends first: its error is that of Detach.
//   - ctx ends first: the error is a *WaitError. get goes on, and the resource that
//     it still gets is put, for whoever waits or comes next.
//   - get panics: the panic is raised in the caller if that still waits, else it is
//     logged with log/slog.
//
// get should end its wait with ctx, and bound its Allocate by something else.
func (r *Resource) Detach(ctx context.Context, get func() error) error { return r.r.detach(ctx, get) }

// GetWith is Get with another Allocate for this one call, for callers that know
// only then how to allocate. Release stays that of Create.
func (r *Resource) GetWith(cancelChannel <-chan struct{}, a Allocator) error {
	if r.r.tryGet() {
		return nil
	}
	return r.r.getSlow(cancelChannel, a)
}

// TryGet takes the resource if it is idle, at the price of one compare-and-swap. It
// neither waits nor allocates. It may report false on an idle resource that others
// get or put at the same time. One that its Checker calls dead is released.
func (r *Resource) TryGet() bool { return r.r.tryGet() || r.r.tryGetSlow() }

// TryGetUnchecked is TryGet for an owner that looks itself whether what it got
// still works. It is always false for a resource with a Checker. Once in thousands
// of uses it is false where TryGet would succeed. It is small enough to be inlined.
func (r *Resource) TryGetUnchecked() bool { return r.r.tryGet() }

// Renew replaces what the caller's resource holds, in the slot that it has:
// Release, then Allocate of a. It is for a user that finds dead what it got. If
// Allocate fails, its error is that of Renew, and the resource is no longer the
// caller's, as after Release. It panics with "Resource was not gotten" if nobody
// has the resource.
func (r *Resource) Renew(a Allocator) error { return r.r.renew(a) }

// RenewContext is Renew that calls AllocateContext with ctx, if a has it.
func (r *Resource) RenewContext(ctx context.Context, a Allocator) error {
	return r.r.renew(&withContext{ctx: ctx, a: a})
}

// Target returns what Create was given, or for a member of a group what makeTarget
// returned.
func (r *Resource) Target() AllocateReleaser { return r.r.target }

// Put returns the resource. It becomes idle, or goes to whoever has waited longest
// for it or for its slot, or is released if that was scheduled. Put never waits,
// and calls Release only if that was scheduled or the pool shrinks or is closed.
//
// Put after Release does nothing as long as nobody else has gotten the resource
// since. If somebody has, it takes the resource away from them. Use PutGeneration
// where a holder may put twice. Put of an idle resource panics with "Resource was
// not gotten". Put of an empty one, such as one that was never gotten, does nothing.
func (r *Resource) Put() { r.r.put() }

// Release gives up the slot of an idle resource, or of one that is the caller's,
// and returns the error of the AllocateReleaser.
//
//   - The resource holds nothing: Release returns the error of the last release
//     again.
//   - It is being released, as inside its own Release: Release returns nil at once.
//   - Allocate is running: Release panics with "Resource is allocating".
func (r *Resource) Release() error { return r.r.release() }

// ScheduleRelease releases an idle resource now and returns the error of its
// Release. One that is in use it releases at its next Put, and returns nil.
func (r *Resource) ScheduleRelease() error { return r.r.scheduleRelease() }

// Generation counts the successful Allocates of the resource, modulo 2^32. With
// PutGeneration and ReleaseGeneration a user can tell its own allocation from a
// later one.
func (r *Resource) Generation() uint32 { return generationOf(r.r.state.W.Load()) }

// PutGeneration is Put if the resource still holds what it was allocated as
// generation. Otherwise it does nothing. It is for handles that may be put by
// mistake after they were closed.
func (r *Resource) PutGeneration(generation uint32) { r.r.putGeneration(generation) }

// ReleaseGeneration is Release if the resource still holds what it was allocated as
// generation, idle or in use. Otherwise it does nothing and released is false.
func (r *Resource) ReleaseGeneration(generation uint32) (released bool, err error) {
	return r.r.releaseGeneration(generation)
}
