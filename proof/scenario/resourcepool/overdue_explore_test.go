//go:build explore

package resourcepool

import (
	"math"
	"testing"
)

// overduePrograms have a clock that moves, so that an Allocate is found to take too long
// at any moment of it.
var overduePrograms = []program{
	{name: "one", slots: 2, first: "fb", users: "ga pa | K2 gb pb"},
	{name: "one that fails", slots: 2, first: "fb", users: "fa ga pa | K2 gb pb"},
	{name: "one that panics", slots: 2, first: "fb", users: "Fa ga pa | K2 gb pb"},
	{name: "one that is released", slots: 2, first: "fb", users: "ga la | K2 gb pb | sa"},
	{name: "one for which others wait", slots: 2, first: "fb", users: "ga la | K2 gb pb | ga pa"},
	{name: "two", slots: 3, first: "fc", users: "ga pa | gb pb | K2 gc pc"},
	{name: "twice", slots: 2, first: "fb", users: "ga la ga pa | K2 gb lb K2 gb pb"},
	{name: "renewed", slots: 2, first: "fb ga", users: "wa pa | K2 gb pb"},
	{name: "on one slot", slots: 1, first: "fb", users: "ga pa | K2 gb pb | gc pc"},
	{name: "cancelled in the lane", slots: 2, first: "fb fc", users: "ga pa | K2 cb pb | gc pc xB"},
	{name: "immediate", slots: 2, first: "fb", users: "ga pa | K2 nb pb | nb pb"},
	{name: "closed", slots: 2, first: "fb", users: "ga pa | K2 gb pb | Z"},
	{name: "in a sub-pool", slots: 2, sub: 2, inSub: "ab", first: "fb", users: "ga pa | K2 gb pb | gc pc"},
	{name: "of a group", slots: 2, users: "h. u. | K2 h. u."},
	{name: "of a group, failing", slots: 2, users: "N. h. u. | K2 h. u."},
	{name: "of a group, cancelled", slots: 2, users: "i. u. | K2 xA h. u."},
	{name: "of a group, beside others", slots: 2, first: "fa", users: "h. u. | K2 h. u. | ga pa"},
	{name: "of a group, seen from the lane", slots: 2, first: "fa", users: "h. u. | K2 ga pa"},
	{name: "of a group, renewed", slots: 2, users: "h. y. u. | K2 h. u."},
	{name: "ended", slots: 2, users: "h. u. | h. u. | K3 C"},
	{name: "ended, twice", slots: 2, users: "h. u. | h. u. | h. u. | K3 C K3 C"},
	{name: "ended, failing", slots: 2, users: "N. h. u. | N. h. u. | K3 C"},
	{name: "ended, cancelled", slots: 2, users: "i. u. | h. u. | K3 C xA"},
	{name: "ended, beside others", slots: 2, users: "h. u. | h. u. | K3 C ga pa"},
	{name: "ended, seen from the lane", slots: 2, first: "fa", users: "h. u. | h. u. | K3 C ga pa"},
	{name: "ended, closed", slots: 2, users: "h. u. | h. u. | K3 C Z"},
	{name: "ended, renewed", slots: 2, users: "h. y. u. | h. u. | K3 C"},
	{name: "ended, in a full group", slots: 2, most: 2, users: "h. u. | h. u. | h. u. | K3 C"},
}

// lookAtOverstays is what the timers of all Allocates of the group do, which do not run here.
// To each it looks as if something had been evicted since the last look.
func (w *world) lookAtOverstays() {
	g := w.group.g
	var all []*opening
	g.pool.waitLock.Lock()
	for o := g.openings.oldest; o != nil; o = o.newer {
		if o.watched {
			o.evictions = math.MaxUint64
			all = append(all, o)
		}
	}
	g.pool.waitLock.Unlock()
	for _, o := range all {
		o.Lapsed()
	}
}

func TestExploreOverdue(t *testing.T) { explorePrograms(t, overduePrograms) }
