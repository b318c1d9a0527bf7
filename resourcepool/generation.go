package resourcepool

// ReleaseIdleGeneration releases the resource if it is idle and holds what it was
// allocated as generation. Otherwise it does nothing and returns false. It is for
// owners that learn that what is parked is of no more use. Resource.Release returns
// the error of Release later.
func (r *Resource) ReleaseIdleGeneration(generation uint32) (released bool) {
	return r.r.releaseIdleGeneration(generation)
}

// ScheduleGeneration is ScheduleRelease if the resource holds what it was allocated
// as generation. It is released now if it is idle, and at its next Put if it is in
// use. While Allocate runs, the release of what that is making can be scheduled
// already: its generation is the next one. scheduled is false if nothing was done.
func (r *Resource) ScheduleGeneration(generation uint32) (scheduled bool) {
	return r.r.scheduleGeneration(generation)
}

func (r *resource) releaseIdleGeneration(generation uint32) bool {
	for {
		w := r.state.W.Load()
		if generationOf(w) != generation || phaseOf(w) != phaseIdle {
			return false
		}
		if r.releaseUnasked(w) {
			return true
		}
	}
}

// releaseUnasked releases a resource that w says is idle, for somebody who is none of
// the pool's users. It fails if the word changed.
func (r *resource) releaseUnasked(w uint64) bool {
	defer r.pool.unasked()()
	if !r.startRelease(w) {
		return false
	}
	_ = r.close() // kept as the last error
	return true
}

// scheduleGeneration may come at any time, as it is somebody else's news. A
// generation ends by a swap of the whole word, so what is decided from one
// reading of it either happens to that generation or not at all (I2).
//
// News of a victim whose Release may yet be called off is left as a mark, as
// insist says. One that is being renewed is released anyway, and loses the mark.
func (r *resource) scheduleGeneration(generation uint32) bool {
	for {
		w := r.state.W.Load()
		holds := generationOf(w) == generation
		switch phaseOf(w) {
		case phaseIdle:
			if !holds {
				return false
			}
			if r.releaseUnasked(w) {
				return true
			}
		case phaseInUse, phaseReleasing, phaseRenewing:
			if !holds {
				return false
			}
			if r.insist(w) {
				return true
			}
		case phaseAllocating:
			if generationOf(w)+1 != generation {
				return false
			}
			if r.insist(w) {
				return true
			}
		default:
			return false
		}
	}
}
