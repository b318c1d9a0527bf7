package resourcepool

func (r *resource) release() error {
	for {
		w := r.state.W.Load()
		switch phaseOf(w) {
		case phaseAllocating:
			panic("Resource is allocating")
		case phaseEmpty, phaseSeeking:
			return r.loadError()
		case phaseReleasing, phaseRenewing:
			if r.insist(w) {
				return nil
			}
		default:
			if r.startRelease(w) {
				return r.close()
			}
		}
	}
}

func (r *resource) releaseGeneration(generation uint32) (bool, error) {
	for {
		w := r.state.W.Load()
		if generationOf(w) != generation {
			return false, nil
		}
		switch phaseOf(w) {
		case phaseIdle, phaseInUse:
			if r.startRelease(w) {
				return true, r.close()
			}
		case phaseReleasing, phaseRenewing:
			if r.insist(w) {
				return false, nil
			}
		default:
			return false, nil
		}
	}
}

func (r *resource) scheduleRelease() error {
	for {
		w := r.state.W.Load()
		switch phaseOf(w) {
		case phaseEmpty, phaseSeeking:
			return nil
		case phaseIdle:
			if r.startRelease(w) {
				return r.close()
			}
		default: // allocating, in use, releasing
			if r.insist(w) {
				return nil
			}
		}
	}
}

func (r *resource) startRelease(w uint64) bool {
	return r.state.W.CompareAndSwap(w, inPhase(w, phaseReleasing))
}

// insist marks a resource to be released when it can be. One that is
// releasing needs the mark too: it may be a victim whose release has not
// begun and may yet be called off.
func (r *resource) insist(w uint64) bool {
	return r.state.W.CompareAndSwap(w, w|markScheduled)
}
