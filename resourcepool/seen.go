package resourcepool

// Binder is a target, returned by a Group's makeTarget, that wants to know its
// resource.
type Binder interface {
	// Bind is called once, with the resource that was made for the target, before its
	// first Allocate. It must not use the resource yet.
	Bind(r *Resource)
}

// Sight is what Seen saw. If two Sights are equal and Idle, nobody had the resource
// in between. If they differ, somebody had, as a rule.
type Sight struct {
	Generation uint32 // of what is allocated, or was last
	InUse      bool   // somebody's
	Idle       bool   // parked
	uses       uint32
}

// Seen looks at the resource without disturbing it.
func (r *Resource) Seen() Sight {
	w := r.r.state.W.Load()
	return Sight{
		Generation: generationOf(w),
		InUse:      phaseOf(w) == phaseInUse,
		Idle:       phaseOf(w) == phaseIdle,
		uses:       r.r.state.Uses(w), // not of the word alone, which each search for a victim may change
	}
}
