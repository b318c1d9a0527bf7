package resourcepool

import "context"

// Group is a set of interchangeable resources, its members. It is made by
// Pool.NewGroup and must not be copied. All methods may be called concurrently.
//
// A member is the caller's from TryGet, Get or Renew until Put, or until its
// ReleaseGeneration. Do not call the Get, TryGet, Put or Renew of a member itself.
type Group struct{ g *group }

// TryGet returns the newest idle member, or nil if there is none. It takes no lock
// and allocates nothing. If a member has a Checker and is dead, TryGet releases it
// and looks at the next.
func (g *Group) TryGet() *Resource {
	if m := g.g.tryGet(); m != nil {
		return &m.Resource
	}
	return nil
}

// Get returns the newest idle member. If there is none it waits, until ctx is over,
// for whichever comes first: a member that is put, or one newly allocated. Gets of
// one group are served in order of arrival. Those that wait for a slot keep that
// order with all others who wait for slots.
//
// An allocation is not bound to the Get that began it. It has a goroutine of its
// own, and the values of the Get's context but not its end. It goes on when the Get
// gives up, and the member serves another Get or is parked. At most one allocation
// goes on so; the contexts of further ones are cancelled. A Get that comes later
// joins the one that goes on.
//
// An allocation that takes 2 s, beside many others that do, while others need slots, has
// its context cancelled too. Its Gets learn nothing of that: another begins for them,
// when the pool has slots for such allocations again (see DESIGN.md, "Dead hosts").
//
// The error is one of these:
//
//   - a *WaitError, if ctx ended the wait or was over already
//   - ErrPoolClosed, if the pool is closed
//   - that of a failed allocation, which goes to all who wait for it
//   - that of a WaitLimit
//
// A panic in an allocation is raised in the first Get that waits for it, or logged
// with log/slog if none does.
func (g *Group) Get(ctx context.Context) (*Resource, error) { return g.g.get(ctx) }

// Open allocates one member in a free slot, on the caller's goroutine and with ctx.
// It parks the member, or hands it to a Get that waits.
//
// It neither waits nor evicts. It does nothing and returns false
//
//   - if no slot is free, or somebody waits for one,
//   - if the group has as many members as it may, or
//   - if the group's last allocation failed, and other such groups have all the
//     slots that are meant for these.
//
// The error is that of the allocation, a *WaitError if ctx was over already, or
// ErrPoolClosed. A panic passes through.
func (g *Group) Open(ctx context.Context) (opened bool, err error) { return g.g.open(ctx) }

// LimitWaiting makes l limit how many Gets of the group may wait. Call it before
// the first Get.
func (g *Group) LimitWaiting(l *WaitLimit) { g.g.limitWaiting(l) }

// WaitLimit limits how many Gets may wait at once. It may be shared by groups whose
// pools are one pool or have a parent in common.
//
// A Get waits, in this sense, as long as it has neither an idle member nor an
// allocation that runs for it: it waits for a slot, or for what others put or
// allocate. Renew is never refused.
//
// A Get is refused only when it comes. If it was to have an allocation of its own
// and that came to nothing, it counts from then on, but it goes on waiting.
type WaitLimit struct {
	Max int   // how many may wait
	Err error // what the Get that is one more returns

	waiting int64 // guarded by waitLock
}

// Put returns a member, if it still holds what it was allocated as generation (see
// Resource.PutGeneration). It goes to the oldest Get of the group that waits,
// unless somebody has waited longer for its slot.
func (g *Group) Put(r *Resource, generation uint32) { g.g.put(&r.r, generation) }

// Renew is Get for the holder of a member that turned out to be dead. What the
// member holds is released, and allocated anew in the same slot. Renew takes part
// in the group's queue: a member that is put meanwhile may serve it. r is no longer
// the caller's, also if Renew fails.
func (g *Group) Renew(ctx context.Context, r *Resource) (*Resource, error) {
	return g.g.renewHeld(ctx, &r.r)
}
