// Package evict decides which idle resource of a pool is evicted when another one
// needs its slot. The resource that goes is the victim. This text is the way in; DESIGN.md,
// under Eviction, has the reasons, the figures, and what was tried.
//
// # What it knows
//
// A resource has a Node in it. A Node that has a slot is a resident, and lies on one of
// the lists of a List. A pool has one Lists, of one List for each few hundred slots; the
// hash of the address says which. All that a List has is guarded by its lock, but for the
// state words of its residents, which the pool changes at any time.
//
// The state word is the only thing that a Get or a Put touches. In the compare-and-swap
// that it makes anyway, a Get of an idle resource
//
//   - sets the mark Reused,
//   - counts a use,
//   - writes the pool's era, which is a clock that ticks about 32 times while as many
//     arrive, in a free slot or a victim's, as there are slots.
//
// What follows from that is done later, by the next search for a victim that meets the
// resource. So order costs nothing where resources are found idle, and a search
// never knows where a resource should be until it looks.
//
// # What it owes the pool
//
// Each has tests of that name or in the file named; the code refers to them by number.
//
//	E1  A search ends without a victim only if each place that held an idle resident
//	    when it began was visited, or was emptied by somebody else since. That is what
//	    the pool's I7 (no false "full") stands on.
//	    TestSearchIsBoundedAndExhaustive, TestLeastRecentMissesNoIdleResource
//	E2  No hold of a lock is longer than 256 steps of a search and 128 newly parked.
//	    TestNoHoldIsLongWithAMillionInUse, TestDrainIsBounded
//	E3  Whatever is claimed was Idle in the swap that claimed it: a Get and a search, or
//	    two searches, never have the same resource. TestModelOfLists, and the pool's
//	    model and stress tests
//	E4  A resident is on exactly one of probation, main and busy, in main also on the list
//	    of one era, and a victim that is returned by Swap is on none. TestModelOfLists
//	    has Audit check it.
//	E5  A resident is marked Listed exactly if it is on probation or main, or was pushed to
//	    the parked and not drained yet (the pool's I4). So a Put that finds the mark has
//	    nothing to do, and one that does not parks. The pool's audit_test.go
//	E6  With equal costs the victims are those without costs.
//	    TestEqualCostsChangeNothing
//	E7  The record of an evicted resource outlives its residency, and that of an address
//	    outlives its resources. memory_test.go
//
// # Where a resident is
//
//	            Swap, Replace, Admit
//	                     |
//	 new to the pool     |    a slot was free, or it was
//	     +---------------+--- evicted not long ago ------+
//	     v                                               v
//	+-----------+   a search sees that it was used   +--------+
//	| probation |----------------------------------->|  main  |
//	+-----------+                                    +--------+
//	   ^     |    a search meets it in use              |   ^
//	   |     +------------->+--------+<-----------------+   |
//	   +--------------------|  busy  |----------------------+
//	       Put parks it,    +--------+  back to where it was,
//	       and drain moves it         or to main if it was used again
//
// From probation and main it is evicted, from anywhere released. Probation and busy are in
// order of arrival; main is so too, and its second order is by the era of the last
// Get, as far as searches know: 32 lists, see eras.go.
//
// # A search
//
// Claim and Swap (search.go) look in the list of the address that needs the slot, and a
// little in one other. There an expert is followed (rule.go), which names candidates, one at
// a time. A candidate that was dear to allocate may pay and be spared (cost.go). The first that
// is not, is claimed. Each step that does not end the search
//
//   - undoes what a Get or Put did (a mark, an era, being in use),
//   - moves an arrival on from probation,
//   - takes credit that an Allocate has paid for,
//   - or is one of at most 16.
//
// So a search takes O(1) steps, amortised. Those that come together (all is in use, all
// was used) are cut: after 192 steps the best of what was met goes, after 256 the lock is let
// go for a moment and the search begins again, with less left to undo.
//
// # The experts, and which to follow
//
// Each knows one kind of traffic.
//
//   - duel: the newest arrival, unless the oldest one in probation was used less. For
//     loops and scans, where what has just come is wanted last.
//   - filter: arrivals, of which a tenth of the slots wait for a second use; then
//     main by its hand, which passes what was used since it came by. For skewed traffic.
//   - filter recent: the same with a quarter, and main by era.
//   - least recent: the oldest era. For what is used for a while, and then no more.
//
// The scoreboard (learn.go) follows the one whose victims are missed least. An eviction is
// regretted when its resource is allocated again: the sooner, in Gets (pace.go), and the
// dearer, the more. Each expert decides one eviction in 256 all the same, so that a change
// of traffic shows. All scores fade.
//
// # What is remembered
//
// A record of 8 bytes: when and by whom evicted, how often used of late, what its
// Allocate cost. It is in the Node, or, where Nodes come and go and stand for one
// address in turn, in a table by the hash of the address (memory.go). It is what ghost
// lists are to caches: who comes back soon goes to main at once, and who was used more
// stays longer.
//
// # Cost
//
// What an Allocate took is credit. Who is named for eviction pays what is asked, and is spared
// while credit is left; who is used again has it back (cost.go). Costs are powers of two, and
// believed only as far as they tell addresses apart (noise.go).
//
// # Reading on
//
// word.go and node.go, what is stored; list.go and links.go, the lists; rule.go with eras.go,
// the experts; learn.go; then search.go, which ties them. The rest (cost, noise, worth,
// pace, memory, census) can each be read alone. audit.go and view.go are for tests and for
// a person to look at.
package evict
