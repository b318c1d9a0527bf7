package evict

import "sync/atomic"

// Word is the state word of a resource, of which the pool and this package
// share the fields below. The rest is the pool's. All changes are
// compare-and-swaps of the whole word, so that a search which has read the
// word knows when it changes it that nothing has happened since.
type Word struct{ W atomic.Uint64 }

const (
	// PhaseMask covers the phase. Of the phases only two matter here.
	PhaseMask uint64 = 7
	Idle      uint64 = 3 // free to get or to evict
	Claimed   uint64 = 5 // to be released by whoever made it so

	// Listed is on a resident that is a candidate, or was pushed to become one.
	Listed uint64 = 1 << 3

	// Reused is set by each Get of an idle resource.
	Reused uint64 = 1 << 4

	// The era at the last Get, modulo 256.
	OneEra  uint64 = 1 << 8
	EraMask uint64 = 255 * OneEra

	// Gets since they were last added to the totals.
	OneUse   uint64 = 1 << 17
	UsesMask uint64 = 1<<32 - OneUse
)

func phaseOf(w uint64) uint64 { return w & PhaseMask }
func eraOf(w uint64) uint8    { return uint8(w / OneEra) }
func usesOf(w uint64) uint64  { return w & UsesMask / OneUse }
