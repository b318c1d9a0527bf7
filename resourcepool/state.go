package resourcepool

import "github.com/slotpool/slotpool/internal/evict"

// state is the one word in which a resource's life is written. All changes
// are compare-and-swaps (one clears a mark by And). DESIGN.md draws the
// transitions and numbers the invariants (I1, I2, …) that comments here cite.
//
//	bits 0–2    phase
//	bit  3      listed: in the order list of its shard, or pushed towards it
//	bit  4      reused: gotten again since it was parked first or examined last
//	bit  5      scheduled: release at the next Put
//	bit  6      waiters: the resource's queue of waiters is not empty
//	bit  7      checked: has a Checker, for good
//	bits 8–15   era of the pool at the last Get (see internal/evict)
//	bit  16     suspect: the last Allocate failed, or takes long (see lane.go)
//	bits 17–30  uses: Gets served since they were last added to the totals
//	bit  31     overflow: uses must be added to the totals now
//	bits 32–63  generation: successful Allocates so far, modulo 2^32
type state struct{ evict.Node }

// The phases. Idle and in use differ by one, so that Get of an idle resource
// is one addition to the word.
const (
	phaseEmpty      uint64 = iota // nothing allocated, no slot
	phaseSeeking                  // a Get has claimed it and looks for a slot
	phaseAllocating               // has a slot; Allocate runs
	phaseIdle                     // has a slot; parked, free to get or to evict
	phaseInUse                    // has a slot; somebody's
	phaseReleasing                // has a slot; Release is due or runs
	phaseRenewing                 // the same, but it stays its user's

	phaseMask uint64 = 7
)

const (
	markListed uint64 = 1 << (3 + iota)
	markReused
	markScheduled
	markWaiters
	markChecked

	markSuspect uint64 = 1 << 16
)

const (
	eraMask  = evict.EraMask
	oneUse   = evict.OneUse
	usesMask = evict.UsesMask

	usesOverflow uint64 = 1 << 31

	oneGeneration   uint64 = 1 << 32
	generationShift        = 32
)

// What the two hot verbs compare and add. Get also replaces the era.
const (
	getPhase = phaseInUse - phaseIdle

	getMask = phaseMask | markChecked | usesOverflow
	getFrom = phaseIdle
	getStep = getPhase + oneUse

	putMask = phaseMask | markListed | markScheduled | markWaiters
	putFrom = phaseInUse | markListed
	putStep = ^getPhase + 1 // an addition that wraps, and so subtracts
)

func phaseOf(w uint64) uint64        { return w & phaseMask }
func generationOf(w uint64) uint32   { return uint32(w >> generationShift) }
func usesOf(w uint64) uint64         { return w & usesMask / oneUse }
func inPhase(w, phase uint64) uint64 { return w&^phaseMask | phase }

// move changes the phase from one to another, clearing marks and keeping the
// rest of the word. It fails if the phase is not from.
func (s *state) move(from, to, clear uint64) bool {
	for {
		w := s.W.Load()
		if phaseOf(w) != from {
			return false
		}
		if s.W.CompareAndSwap(w, inPhase(w, to)&^clear) {
			return true
		}
	}
}

// residencyMarks end with the residency: they are cleared when the slot goes.
const residencyMarks = markListed | markReused | markScheduled
