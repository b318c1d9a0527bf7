//go:build explore

package resourcepool

import (
	"context"
	"errors"
	"testing"

	"github.com/slotpool/slotpool/proof/sched"
)

// pairs is a target whose Allocates from the third on wait for each other, two and two.
type pairs struct {
	allocates *int
	second    chan struct{}
}

func (p pairs) Allocate() error {
	*p.allocates++
	switch n := *p.allocates; {
	case n <= 2:
	case n%2 == 1:
		<-p.second
	default:
		p.second <- struct{}{}
	}
	return nil
}

func (p pairs) Release() error { return nil }

// fullGroup has users of all members of a group at its cap, who release them, and two Gets. A Get
// that the one release let in took the other's member before that release looked who
// waits, and so it did not let in the second Get, which shared the opening of the first until its
// end. Here the Allocates of the two wait for each other.
func fullGroup(t *sched.Test) {
	p := newExplored(4, 1, 1, 0)
	target := pairs{new(int), make(chan struct{})}
	g := p.NewGroup("", 2, func() AllocateReleaser { return target })
	var members []*Resource
	for range 2 {
		opened, err := g.Open(context.Background())
		r := g.TryGet()
		if !opened || r == nil {
			t.Fail("no member: %v", err)
			return
		}
		members = append(members, r)
	}
	var all error
	for _, r := range members {
		generation := r.Generation()
		t.Go("releaser", func() { r.ReleaseGeneration(generation) })
	}
	for range 2 {
		t.Go("getter", func() {
			r, err := g.Get(context.Background())
			if all = errors.Join(all, err); err == nil {
				r.Put()
			}
		})
	}
	t.End(func() error { return all })
}

func TestExploreGroupRoom(t *testing.T) {
	sched.Suite(t, []sched.Scenario{{Name: "two releases let two Gets open", SetUp: fullGroup}})
}
