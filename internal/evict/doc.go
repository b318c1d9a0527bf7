// Package evict decides which idle resource of a pool is evicted when another one
// needs its slot. The resource that goes is the victim. This text is the way in; DESIGN.md,
// under Eviction, has the reasons, the figures, and what was tried.
//
// # What it knows
//
// A resource has a Node in it. A Node that has a slot is a resident, and lies on one of
// the chains of a List. A pool has one Lists, of one List for each 256 slots or more, up to one
// a shard. The hash of the address says which List; resources without an address are dealt in
// turn. A List has a lock, and never are two held at once, but for a look at the totals of
// all (Hold). What is not guarded by it is said at its field.
//
// The state word of a resource, which the pool changes at any time, is all that a Get
// or a Put of an idle one writes. In the compare-and-swap that it makes anyway, a Get
//
//   - sets the mark Reused,
//   - counts a use,
//   - writes the pool's era. That is a clock: it ticks about 32 times while the pool is filled for the
//     first time, and again while as many are evicted as there are slots (less often in pools of
//     less than a few hundred).
//
// What follows from that is done later, by the next search for a victim that meets the
// resource. So order costs nothing where resources are found idle, and a search
// never knows where a resource should be until it looks.
//
// # What it owes the pool
//
// The code refers to these by number.
//
//	E1  A search ends without a victim only if each idle resident was met by it, or was
//	    taken by somebody else since it began. One whose Put has swapped the word but not
//	    yet told (Park) is not met; that Put then looks whether somebody waits. The pool's
//	    I7 (no false "full") stands on this.
//	    TestModelOfLists, TestSearchIsBoundedAndExhaustive, TestLeastRecentMissesNoIdleResource
//	E2  No search holds a lock for more than 258 steps and 128 newly parked; the first record
//	    of an address that is kept makes room for all, under the lock.
//	    TestNoHoldIsLongWithAMillionInUse, TestDrainIsBounded
//	E3  Whatever is claimed was Idle in the swap that claimed it: a Get and a search, or
//	    two searches, never have the same resource.
//	    TestWhatWasGottenSinceTheSearchLookedIsNotClaimed, TestSparedAndGottenSinceIsNotEvicted
//	E4  A resident is on exactly one of probation, main and busy, in main also on the chain
//	    of one era, and a victim that Swap returns is on none.
//	    TestModelOfLists, TestErasAreSlices, TestWhatWasSetAsideSinceItWasNamedIsNotClaimed
//	E5  Who is on probation or in main is marked Listed. Of the others only who was parked,
//	    or is about to be, and not drained yet (the pool's I4). So a Put that finds the mark
//	    has nothing to do. TestParkedOneThatWasSetAsideSinceIsNoCandidate, the pool's audit_test.go
//	E6  With equal costs the victims are those without costs.
//	    TestEqualCostsChangeNothing, TestEqualCostsChangeNothingInSeveralListsAndByKey
//	E7  The record of an evicted resource outlives its residency, and that of an address
//	    its resources, as far as there is room. memory_test.go
//
// # Where a resident is
//
//	         Swap, Replace, Admit, AdmitFor
//	                      |
//	new, or evicted       |    the pool's slot was free, or
//	long ago   +----------+--- evicted not long ago ---+
//	           v                                       v
//	     +-----------+  a search sees that it was   +------+
//	     | probation |----------------------------->| main |
//	     +-----------+  used, spares or prefers it  +------+
//	        ^     |    a search meets it in use      |   ^
//	        |     +---------->+------+<--------------+   |
//	        +-----------------| busy |-------------------+
//	       Put parks it, and  +------+  back to where it was,
//	       drain moves it               or to main if it was used again
//
// From probation and main it is evicted, from anywhere released. A victim of Claim, not Swap, waits
// in busy for Replace, Evicted or Leave. Probation is in order of arrival; who comes back from
// busy counts as having just arrived. Main is a ring by its hand, a place that moves from old to
// new, and is also sorted by the era of the last Get, as far as searches know: 32 chains, see eras.go.
//
// # A search
//
// Claim and Swap look in this order (search.go), until there is a victim:
//
//  1. The list that took the slot of this address when it was evicted, if it was another one.
//  2. One other list, each in turn, for what nobody has used for long, if the list needs no slots itself.
//  3. The address's own list. By the rule of least recent the other one first, if it has one that is an era older.
//  4. All the others.
//
// In a list an expert is followed (rule.go), which names candidates, one at a time. A candidate
// that was dear to allocate may pay and be spared (cost.go); after those the next one that cannot pay is
// claimed, or the cheapest that was spared before it. Each step that does not end the search
//
//   - undoes what a Get or Put did (a mark, an era, being in use),
//   - moves an arrival on from probation,
//   - takes credit that an Allocate has paid for,
//   - or is one of at most 16 a candidate.
//
// So a search takes O(1) steps, amortised. Those that come together (all is in use, all
// was used) are cut. After 192 steps what is next goes, used or not, and by era the oldest of
// those met. After 256 the lock is let go for a moment and the search begins again, with less left to undo.
//
// # The experts, and which to follow
//
// Each knows one kind of traffic.
//
//   - duel: the newest arrival that was not used since, or the oldest of probation if that was
//     used clearly less. For loops and scans, where what has just come is wanted last.
//   - filter: the oldest of probation, while a tenth of the residents is there. But if it was
//     used more often than the one at the hand of main, or less than a tenth is there, the one at the
//     hand. For skewed traffic.
//   - filter recent: the same with a quarter, and of main the one of the oldest era.
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
// if it had more than that. Who is used again has it all back, once a search takes its mark (cost.go). Costs are
// powers of two, and believed only as far as they tell addresses apart (noise.go).
//
// # Reading on
//
// word.go and node.go, what is stored; lists.go, what the pool calls; list.go and links.go, the chains;
// rule.go with eras.go and worth.go, the experts; learn.go; then search.go, which ties them. The rest (cost,
// noise, pace, memory, census, clock) can each be read alone. audit.go and view.go are for tests and for
// a person to look at.
package evict
