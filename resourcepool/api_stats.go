package resourcepool

// Stats returns the pool's figures. It visits every resource that has a slot, which
// takes a few nanoseconds for each. It is fit for a metrics scrape, not for each
// Get.
func (p *Pool) Stats() Stats { return p.p.stats() }

// Stats are the figures of a pool, those of its sub-pools included.
//
// Max, Limit, Waiting, Waits and the sum of InUse, Idle and Releasing are of one
// moment, so that sum never exceeds Max. Which of the three a resource belongs to may
// have changed since: what came, went or moved while Stats ran counts as InUse.
//
// A Get of a Group that finds no idle member waits until its member has been
// allocated, so it counts in Waiting and Waits even if there is a slot at once. How
// long is waited for slots is in Times.
//
// The totals count from New or Sub and never go backwards, also when a sub-pool is
// closed. Each may miss what was under way.
//
// The reference publishes Max, InUse, Idle and Releasing as maximum, num-in-use,
// num-unused and num-releasing.
type Stats struct {
	Max       uint // slots that exist, also those that are to go after a SetMax
	Limit     uint // slots that were asked for, by New, Sub or SetMax
	InUse     uint // resources with a user, or being allocated for one
	Idle      uint // resources that keep a slot without a user
	Releasing uint // resources about to give up their slot
	Waiting   uint // Gets waiting: for a slot, for a busy resource, or for a member of a Group

	Gets             uint64 // Gets that succeeded: Reuses, and those Allocations that served a Get
	Reuses           uint64 // Gets served by what was allocated before; each Renew makes them one less
	Allocations      uint64 // Allocates that succeeded, also for Renew, Group.Open, or a Get that had given up
	AllocationErrors uint64 // Allocates that failed or panicked
	Evictions        uint64 // idle resources released to use their slot elsewhere
	DeadOnCheck      uint64 // allocations that Renew replaced, or a Checker made a TryGet release
	Waits            uint64 // Gets that waited
	CancelledWaits   uint64 // of these, how many were cancelled
}
