package resourcepool

// check asks the Checker of a resource that a Get has just been given, which w
// says is in use, and replaces what is dead. It reports false if somebody released
// that while it was asked: then the Get has to begin anew.
//
// A stranger may release what is in use, and others may get it then, so that
// what is done about a dead one is done to the generation that was asked.
func (r *resource) check(w uint64, a Allocator) (ours bool, err error) {
	if w&markChecked == 0 || r.alive(generationOf(w)) {
		return true, nil
	}
	ours, err = r.renewGeneration(uint64(generationOf(w)), a)
	if !ours {
		r.pool.count(&r.pool.counts.declined)
	}
	return ours, err
}

// stillAlive is check for TryGet, which replaces nothing.
func (r *resource) stillAlive(generation uint32) bool {
	if r.alive(generation) {
		return true
	}
	if r.giveUp(generation) {
		r.pool.count(&r.pool.counts.deadUnused)
	}
	return false
}

// alive asks. A panic, or a Goexit, passes through and costs the caller the resource.
func (r *resource) alive(generation uint32) bool {
	asked := false
	defer func() {
		if !asked {
			r.giveUp(generation)
		}
	}()
	alive := r.target.(Checker).Alive()
	asked = true
	return alive
}

// giveUp releases a resource that the caller has, and that no user has seen.
func (r *resource) giveUp(generation uint32) (released bool) {
	r.pool.count(&r.pool.counts.declined)
	released, _ = r.releaseGeneration(generation) // the error is kept as the last one
	return released
}
