package evict

import (
	"sync/atomic"

	"github.com/slotpool/slotpool/internal/shard"
)

// Node is what this package keeps of a resource, inside it. Its zero value is
// a resource without a slot, of which nothing is known. Apart from the word it
// is guarded by the lock of the list that the resource is a resident of; of one
// that is no resident, it belongs to whoever is about to make it one.
type Node struct {
	Word
	links [2]links // in probation, main or busy; in a list of an era

	record
	credit  uint16 // what is left of its cost, in 65,536ths (see cost.go)
	era     uint16 // in main the lower half, of the list it is in or was in; in probation when it came
	place   place
	number  uint8 // of the list it is or was a resident of, from 0
	takenBy uint8 // the list that it was evicted for, from 1, if another; else 0
	flags   flags

	// InLane is the pool's own, guarded by its waitLock. It is here for the room.
	InLane bool

	folded atomic.Uint32    // uses that are in the total and no more in the word, modulo 2^32; read without the lock
	parked shard.Link[Node] // on the way to the candidates
}

// Uses counts the uses that there ever were, modulo 2^32, given the word as it was
// read before. A search that is at the node meanwhile may make it wrong, for
// that moment.
func (n *Node) Uses(w uint64) uint32 { return n.folded.Load() + uint32(usesOf(w)) }

// record is what is known of a resource from before. It outlives the
// residency, and in a memory the resource itself.
type record struct {
	stamp uint32 // the list's clock at the last arrival or, since then, eviction
	freq  uint8  // how often used, fading by half each epoch
	epoch uint8  // to which freq has faded
	cost  uint8  // of the last Allocate (see cost.go); 0 if unknown
	by    expert // who evicted it
}

type place uint8

const (
	nowhere   place = iota // without a slot
	busy                   // in use, or claimed, when a search met it
	probation              // a candidate that has yet to be used again
	main                   // one that was, or that came back soon
)

type flags uint8

const (
	wasMain flags = 1 << iota // busy, and was in main before
	passed                    // busy, and the hand of main has passed it
	keyed                     // its record is kept in the memory
	// and in the other bits the number of a census (see census.go)
)

// StackLink lets a node lie on a stack of parked ones.
func (n *Node) StackLink() *shard.Link[Node] { return &n.parked }
