package resourcepool

func (r *resource) release() error {
	for {
		w := r.state.w.Load()
		switch phaseOf(w) {
		case phaseEmpty:
			return r.loadError()
		case phaseOpening:
			if !r.allocating() {
				return r.loadError()
			}
			if r.state.w.Load() == w {
				panic("Resource is allocating")
			}
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
		w := r.state.w.Load()
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
		w := r.state.w.Load()
		switch phaseOf(w) {
		case phaseEmpty:
			return nil
		case phaseIdle:
			if r.startRelease(w) {
				return r.close()
			}
		default: // opening, in use, releasing
			if r.insist(w) {
				return nil
			}
		}
	}
}

func (r *resource) startRelease(w uint64) bool {
	return r.state.w.CompareAndSwap(w, inPhase(w, phaseReleasing))
}

// allocating reports whether the Get of an opening resource has come to its
// Allocate: it has a slot, and nothing is left in that of another resource. What
// it asks is not in the state word, as that would cost each Get another swap. If
// the victim has been allocated since and is being released again, it is wrong,
// and a misuse goes unnoticed.
func (r *resource) allocating() bool {
	s := r.shard()
	s.lock.Lock()
	defer s.lock.Unlock()
	return r.place != nowhere && !r.awaitsRelease()
}

// insist marks a resource to be released when it can be. One that is
// releasing needs the mark too: it may be a victim whose release has not
// begun and may yet be called off.
func (r *resource) insist(w uint64) bool {
	return r.state.w.CompareAndSwap(w, w|markScheduled)
}
