package connpool

// PoolStats are the figures of a Pool. The states are of about one moment. The totals
// count from the first use, and each may miss what is under way.
type PoolStats struct {
	// The connections of Get, TryGet, Do and Warm, by state.
	InUse uint // with a user, or about to be closed
	Idle  uint // parked

	Dialed    uint // connections of DialContext that are open
	Dialing   uint // dials that are running, those of DialContext not counted
	Addresses uint // addresses that the Pool keeps anything of, be it a failed dial

	// Waiting is how many Gets wait for a slot or for another's connection. A Get for which a
	// dial runs does not count. A call of DialContext counts until it returns.
	Waiting uint

	// Reuses is how many times a connection was handed out again. Those of a connection are
	// added when it is closed.
	Reuses uint64

	// Waits is how many Gets found no good idle connection. A call of DialContext counts too,
	// when it has ended.
	Waits       uint64
	WaitsFailed uint64 // of these, those that got none in the end
	WaitsOver   uint64 // of the failed ones, those whose context was over, or in DialContext DialTimeout without a slot
	Dials       DialStats
	Closed      ClosedStats
}

// DialStats counts dials that have ended, those of DialContext too.
type DialStats struct {
	Succeeded uint64
	TimedOut  uint64 // by DialTimeout, or a timeout of something below
	Cancelled uint64 // because nobody waited any more, or the Pool was closed
	Failed    uint64 // in any other way
}

// ClosedStats counts the connections of Get, TryGet, Do and Warm that were closed, by
// reason. Each field is one CloseReason. Evicted counts those of DialContext too that
// EvictQuiet has closed. To the pool of slots these are released by their users, and are
// not in its Stats.Evictions.
type ClosedStats struct {
	Evicted, Dead, ByPeer, Idle, Lifetime, Reset, ByUser, Shutdown uint64
}
