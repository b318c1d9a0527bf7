package evict

import (
	"slices"
	"testing"
)

// only is a rig with one list that follows one expert and nothing else.
func only(t *testing.T, e expert, slots, nodes int) *rig {
	r := newRig(t, slots, 1, nodes)
	r.lists.board.best.Store(uint32(e))
	r.list().draws = 1 << 20
	return r
}

func (r *rig) list() *List { return (*r.lists.all.Load())[0] }

func (r *rig) wantGone(want ...int) {
	r.t.Helper()
	if !slices.Equal(r.gone, want) {
		r.t.Errorf("evicted %v, want %v", r.gone, want)
	}
}

func TestDuelEvictsTheNewestArrivalOfALoop(t *testing.T) {
	r := only(t, duel, 3, 5)
	for _, i := range []int{0, 1, 2, 3, 4} {
		r.visit(i)
	}
	r.wantGone(2, 3)
}

func TestDuelSparesWhoWasUsedMore(t *testing.T) {
	r := only(t, duel, 2, 3)
	r.visit(0)
	r.visit(1)
	r.nodes[1].freq = 9 // from an earlier residency
	r.visit(2)
	r.wantGone(0)
}

func TestFilterKeepsMainFromAScan(t *testing.T) {
	const slots = 100
	r := only(t, filter, slots, 1000)
	for range 2 {
		for i := range slots {
			r.visit(i)
		}
	}
	for i := slots; i < 1000; i++ {
		r.visit(i)
	}
	stayed := 0
	for i := range slots {
		if r.nodes[i].place == main {
			stayed++
		}
	}
	if stayed < slots*8/10 {
		t.Errorf("%d of %d stayed", stayed, slots)
	}
}

func TestWhoComesBackSoonGoesToMain(t *testing.T) {
	for _, c := range []struct {
		between int
		want    string
	}{{0, "main"}, {20, "probation"}} {
		r := newRig(t, 4, 1, 100)
		for i := range 6 {
			r.visit(i)
		}
		back := r.gone[0]
		for i := range c.between {
			r.visit(10 + i)
		}
		r.visit(back)
		if got := r.nodes[back].Place(); got != c.want {
			t.Errorf("after %d evictions in %q, want %q", c.between, got, c.want)
		}
	}
}

func TestFrequencyFadesByHalfEachEpoch(t *testing.T) {
	s := newRig(t, 1, 1, 1).list()
	n := &Node{}
	n.freq, n.epoch, s.epoch = 12, 254, 254
	for i, want := range []uint8{12, 6, 3, 1, 0, 0} { // over the wrap of the epoch
		if got := s.freq(n, 0); got != want {
			t.Errorf("after %d epochs %d, want %d", i, got, want)
		}
		s.epoch++
	}
	s.epoch = n.epoch
	if got := s.freq(n, 9*OneUse); got != mostFreq {
		t.Errorf("%d, want %d at the most", got, mostFreq)
	}
}

// The list's clock is kept modulo 2^32 in a record.
func TestReturnAcrossTheWrapOfTheClock(t *testing.T) {
	r := newRig(t, 4, 1, 8)
	for i := range 4 {
		r.visit(i)
	}
	s := r.list()
	s.clock = 1<<32 - 1
	r.visit(4)
	back := r.gone[0]
	r.visit(5)
	r.visit(back)
	if got := r.nodes[back].Place(); got != "main" {
		t.Errorf("came back two evictions later, to %q", got)
	}
	r.audit()
}

// Everything is in use but the last: a search holds the lock for a few hundred
// steps at a time, and finds it all the same.
func TestSearchIsBoundedAndExhaustive(t *testing.T) {
	const slots = 5000
	for e := duel; e < experts; e++ {
		r := only(t, e, slots, slots+1)
		for i := range slots {
			if !r.get(i) {
				t.Fatal("no slot")
			}
		}
		r.put(slots - 1)
		s := r.list()
		holds := 0
		for more := true; more; holds++ {
			var victim *Node
			s.lock.Lock()
			s.drain()
			victim, _ = s.follow(e, 0)
			more = victim == nil && s.steps >= mostSteps
			s.lock.Unlock()
			if s.steps > mostSteps+2 {
				t.Fatalf("expert %d: %d steps in one hold", e, s.steps)
			}
			if !more && victim != r.nodes[slots-1] {
				t.Fatalf("expert %d: missed the idle one", e)
			}
		}
		if e != duel && holds < slots/mostSteps {
			t.Errorf("expert %d: %d holds for %d in use", e, holds, slots)
		}
	}
}

// As many are parked at once as a search may look at several times over.
func TestDrainIsBounded(t *testing.T) {
	const slots = 3000
	r := newRig(t, slots, 1, slots+1)
	for i := range slots {
		r.get(i)
	}
	if r.get(slots) {
		t.Fatal("served with all in use")
	}
	for i := range slots {
		r.put(i)
	}
	s := r.list()
	s.drain()
	if n := s.waiting + len(forwards(&s.main, byArrival)); n > mostDrained {
		t.Errorf("%d drained at once", n)
	}
	for i := range slots {
		r.get(i)
	}
	if r.get(slots) {
		t.Fatal("served with all in use")
	}
	r.put(0) // the one that was pushed first, and lies at the bottom
	if !r.get(slots) {
		t.Error("the one idle resource was missed")
	}
	r.audit()
}

// A node that lies on the stack of its last list must not become a resident of
// another one: its Put would push it in vain.
func TestParkedNodeStaysWithItsListWhenListsGrow(t *testing.T) {
	r := newRig(t, 1, 1, 4)
	r.get(3)
	if r.get(0) {
		t.Fatal("served")
	}
	r.put(3) // set aside before, so it lies on the stack
	n := r.nodes[3]
	if !n.parked.Linked() {
		t.Fatal("not on the stack")
	}
	r.lists.Spread(4)
	if s := r.lists.home(n, 3); s.number != 0 {
		t.Errorf("list %d", s.number)
	}
	r.release(3)
	r.visit(3)
	if n.number != 3 {
		t.Errorf("list %d once off the stack, want 3", n.number)
	}
	r.visit(0)
	r.audit()
}

func TestCensusVisitsEachOnce(t *testing.T) {
	const slots = 5000
	r := newRig(t, slots, 4, slots)
	for i := range slots {
		r.visit(i)
	}
	for range 70 { // past the wrap of the census' number
		visits := 0
		r.lists.Census(func(w uint64) {
			visits++
			if phaseOf(w) != Idle {
				t.Fatal("not idle")
			}
		})
		if visits != slots {
			t.Fatalf("%d visits to %d residents", visits, slots)
		}
	}
}

// With few slots left in many lists each had too few candidates to choose well from.
func TestResidentsGatherInFewerLists(t *testing.T) {
	const slots = 8
	r := newRig(t, slots, 4, 5*slots)
	for i := range slots {
		r.visit(i)
	}
	r.lists.Spread(1)
	r.audit()
	for step := range 20 * slots {
		r.visit(slots + step%(4*slots))
	}
	for i := slots; i < 5*slots; i++ {
		if n := r.nodes[i]; phaseOf(n.W.Load()) == Idle && n.number != 0 {
			t.Errorf("%d is in list %d", i, n.number)
		}
	}
	if n := r.lists.Totals().Residents; n != slots {
		t.Errorf("%d residents in %d slots", n, slots)
	}
	r.audit()
}
