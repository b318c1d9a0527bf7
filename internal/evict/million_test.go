package evict

import (
	"runtime"
	"testing"
)

const million = 1_000_000

// allInUse is a rig whose million slots are all in use.
func allInUse(t *testing.T, lists int) *rig {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	r := newRig(t, million, lists, million+1)
	for i := range million {
		if !r.get(i) {
			t.Fatal("no slot")
		}
	}
	return r
}

// parkAndGetAll leaves them in use, and all that a search has set aside on the stack of the parked.
func (r *rig) parkAndGetAll() {
	for i := range million {
		r.put(i)
	}
	for i := range million {
		r.get(i)
	}
}

// makeCandidates has a search meet all of them in use.
func (r *rig) makeCandidates() {
	r.parkAndGetAll()
	for _, s := range *r.lists.all.Load() {
		for s.drain(); !s.undrained.Empty(); {
			s.drain()
		}
	}
}

// holds is what a search did while it had the lock: how often it had it, and the most in one.
type holds struct{ n, steps, drained int }

// searchByHold does as find does, and looks at the list after each hold.
func (r *rig) searchByHold(e expert) (victim *Node, h holds) {
	s, next := r.list(), million-1 // what was pushed last is drained first
	if s.parked.Empty() && s.undrained.Empty() {
		next = -1
	}
	for more := true; more; h.n++ {
		s.lock.Lock()
		s.catchUp()
		drained := 0
		for ; next >= 0 && !r.nodes[next].parked.Linked(); next-- {
			drained++
		}
		victim, _ = s.follow(e, 0)
		more = victim == nil && (s.steps >= mostSteps || !s.undrained.Empty())
		s.lock.Unlock()
		h.steps, h.drained = max(h.steps, s.steps), max(h.drained, drained)
	}
	return victim, h
}

// With a million in use a search has the lock for a few hundred steps at a time, whoever is
// followed: while it sets all aside, and while it makes candidates of a million that were parked.
func TestNoHoldIsLongWithAMillionInUse(t *testing.T) {
	r := allInUse(t, 1)
	for e := duel; e < experts; e++ {
		for _, parked := range []bool{false, true} {
			if parked {
				r.parkAndGetAll()
			}
			victim, h := r.searchByHold(e)
			if victim != nil || r.lists.Candidates() != 0 {
				t.Fatalf("expert %d: %v, and %d were not set aside", e, victim, r.lists.Candidates())
			}
			if h.steps > mostSteps+2 || h.drained > mostDrained || parked && h.drained == 0 {
				t.Errorf("expert %d: up to %d steps and %d drained in one hold", e, h.steps, h.drained)
			}
			if h.n < million/mostSteps {
				t.Errorf("expert %d: %d holds, in which a million cannot be set aside by steps that count", e, h.n)
			}
		}
		r.makeCandidates()
		r.put(million / 2)
		victim, h := r.searchByHold(e)
		if victim != r.nodes[million/2] || h.steps > mostSteps+2 || h.n < 2 {
			t.Fatalf("expert %d: with one idle %v, and %d steps in one of %d holds", e, victim, h.steps, h.n)
		}
		r.list().makeBusy(victim)
		victim.W.Store(inUse)
		r.makeCandidates()
	}
}

// watch looks at the lists until over, whenever it can have their locks, and reports whether
// it had one while some of those in use were set aside, and some not yet.
func (r *rig) watch(over <-chan struct{}) (between bool) {
	for {
		for _, s := range *r.lists.all.Load() {
			s.lock.Lock()
			between = between || s.busy.oldest != nil && (s.probation.oldest != nil || s.main.oldest != nil)
			s.lock.Unlock()
		}
		select {
		case <-over:
			return between
		default:
			runtime.Gosched() // there may be one processor
		}
	}
}

// Whoever waits for the lock gets it before a search has set a million aside, and the search
// does not miss the one that is idle for that.
func TestOthersGetTheLockWhileAMillionAreSetAside(t *testing.T) {
	for _, lists := range []int{1, 4} {
		r := allInUse(t, lists)
		wants := r.nodes[million]
		wants.W.Store(Listed | seeking)
		searches := map[string]func() *Node{
			"Swap":     func() *Node { return r.lists.Swap(wants, 0) },
			"SetAside": func() *Node { r.lists.SetAside(); return nil },
		}
		if lists == 4 {
			searches = map[string]func() *Node{
				"Claim":     func() *Node { return r.lists.Claim(wants, 0) },
				"ClaimIdle": r.lists.ClaimIdle,
			}
		}
		for name, search := range searches {
			r.wantLockMeanwhile(name, search)
		}
		r.makeCandidates()
		r.put(million - 1)
		if victim := r.lists.Swap(wants, 0); victim != r.nodes[million-1] {
			t.Errorf("%d lists: %v, not the one that is idle", lists, victim)
		}
	}
}

// wantLockMeanwhile has a search that finds nothing, and fails if nobody else had a lock
// before it ended. It may be that the other had no processor: so it tries again.
func (r *rig) wantLockMeanwhile(name string, search func() *Node) {
	r.t.Helper()
	for range 10 {
		r.makeCandidates()
		over, watched := make(chan struct{}), make(chan bool)
		go func() { watched <- r.watch(over) }()
		victim := search()
		close(over)
		between := <-watched
		if victim != nil || r.lists.Candidates() != 0 {
			r.t.Fatalf("%s: %v, and %d were not set aside", name, victim, r.lists.Candidates())
		}
		if between {
			return
		}
	}
	r.t.Errorf("%s: nobody else had a lock before the end", name)
}
