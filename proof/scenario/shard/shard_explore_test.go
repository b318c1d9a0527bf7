//go:build explore

// Package shard has the scenarios of internal/shard. They are run in a copy of it: see
// proof/README.md.
package shard

import (
	"fmt"
	"testing"

	"github.com/slotpool/slotpool/proof/sched"
)

type exploredNode struct {
	link          Link[exploredNode]
	pushed, taken int
}

func (n *exploredNode) StackLink() *Link[exploredNode] { return &n.link }

// stackScenario has a goroutine for each digit string in pushers, which pushes
// those nodes in turn, and so many that take all.
func stackScenario(name string, takers int, pushers ...string) sched.Scenario {
	return sched.Scenario{Name: name, SetUp: func(t *sched.Test) {
		var s Stack[exploredNode, *exploredNode]
		var nodes [3]exploredNode
		take := func() {
			for n := range s.TakeAll {
				n.taken++
			}
		}
		for _, order := range pushers {
			t.Go("pusher", func() {
				for _, digit := range order {
					if n := &nodes[digit-'0']; s.Push(n) {
						n.pushed++
					}
				}
			})
		}
		for range takers {
			t.Go("taker", take)
		}
		t.End(func() error {
			take()
			for i := range nodes {
				if n := &nodes[i]; n.pushed != n.taken || n.link.next.Load() != nil {
					return fmt.Errorf("node %d: pushed %d times, taken %d times", i, n.pushed, n.taken)
				}
			}
			return nil
		})
	}}
}

// slotsScenario has users who each take a slot and give it back in another shard.
func slotsScenario(name string, total uint, shards, users int) sched.Scenario {
	return sched.Scenario{Name: name, SetUp: func(t *sched.Test) {
		s := NewSlots(total, shards)
		held := uint(0)
		for u := range users {
			t.Go("user", func() {
				if !s.TryAcquire(u % shards) {
					return
				}
				if held++; held > total {
					t.Fail("%d held of %d", held, total)
				}
				sched.Yield()
				held--
				s.Release((u + 1) % shards)
			})
		}
		t.End(func() error {
			if n := s.Free(); n != int64(total) {
				return fmt.Errorf("%d free of %d", n, total)
			}
			return nil
		})
	}}
}

func TestExploreShard(t *testing.T) {
	sched.Suite(t, []sched.Scenario{
		stackScenario("two push one node", 1, "0", "0"),
		stackScenario("two push two nodes", 1, "01", "10"),
		stackScenario("push again", 2, "00", "1"),
		stackScenario("two take", 2, "012", "210"),
		slotsScenario("one slot", 1, 1, 3),
		slotsScenario("one slot in two shards", 1, 2, 2),
		slotsScenario("two slots in two shards", 2, 2, 3),
	})
}
