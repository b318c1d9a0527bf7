package resourcepool

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// groupStress is owner-swap stress on groups, beside resources, a sub-pool, and a pool
// that changes its size.
type groupStress struct {
	t      *testing.T
	p, sub *Pool
	open   atomic.Int64
	lock   sync.Mutex
	things []*ownedMember
	groups []*Group
	gets   atomic.Int64
	lost   atomic.Int64 // Gets that were given up
}

type ownedMember struct {
	checked
	rng   *rand.Rand // used by Allocate and Alive, which do not overlap for one member
	owner atomic.Int64
}

func (m *ownedMember) Alive() bool { return m.rng.IntN(20) != 0 }

func (s *groupStress) group(p *Pool, key string, most uint) {
	s.groups = append(s.groups, p.NewGroup(key, most, func() AllocateReleaser {
		s.lock.Lock()
		defer s.lock.Unlock()
		m := &ownedMember{rng: rand.New(rand.NewPCG(9, uint64(len(s.things))))}
		m.thing.open = &s.open
		m.allocate = func() error {
			if m.rng.IntN(2) == 0 {
				time.Sleep(time.Duration(m.rng.IntN(100)) * time.Microsecond)
			}
			if m.rng.IntN(10) == 0 {
				return errFake
			}
			return nil
		}
		s.things = append(s.things, m)
		return m
	}))
}

func (s *groupStress) user(id int64, over func() bool) {
	rng := rand.New(rand.NewPCG(4, uint64(id)))
	for !over() {
		g := s.groups[rng.IntN(len(s.groups))]
		r := s.get(g, rng)
		if r == nil {
			s.lost.Add(1)
			continue
		}
		s.gets.Add(1)
		m := r.Target().(*ownedMember)
		if other := m.owner.Swap(id); other != 0 {
			s.t.Errorf("user %d was given what user %d has", id, other)
		}
		if m.state.Load() != 1 {
			s.t.Errorf("user %d was given what is not allocated", id)
		}
		generation := r.Generation()
		if rng.IntN(4) == 0 {
			time.Sleep(time.Duration(rng.IntN(30)) * time.Microsecond)
		}
		if other := m.owner.Swap(0); other != id {
			s.t.Errorf("user %d found user %d in its place", id, other)
		}
		switch rng.IntN(12) {
		case 0:
			r.ReleaseGeneration(generation)
			g.Put(r, generation) // must do nothing, whoever has it
		case 1:
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rng.IntN(200))*time.Microsecond)
			if again, err := g.Renew(ctx, r); err == nil {
				g.Put(again, again.Generation())
			}
			cancel()
		case 2:
			_ = r.ScheduleRelease()
			g.Put(r, generation)
		default:
			g.Put(r, generation)
		}
	}
}

func (s *groupStress) get(g *Group, rng *rand.Rand) *Resource {
	switch rng.IntN(4) {
	case 0:
		return g.TryGet()
	case 1:
		r, _ := g.Get(context.Background())
		return r
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rng.IntN(300))*time.Microsecond)
	defer cancel()
	r, _ := g.Get(ctx)
	return r
}

func TestGroupOwnerSwapStress(t *testing.T) {
	for _, slots := range []uint{2, 6} {
		d := testkit.StressTime(t)
		s := &groupStress{t: t, p: newPool(slots, "", 4, 2)}
		s.sub = s.p.Sub(slots/2, "")
		s.group(s.p, "a", 0)
		s.group(s.p, "b", 2)
		s.group(s.sub, "c", 0)
		s.group(s.sub, "d", 1)
		stop := watchdog(s.p, d)
		stress(t, d, 12, func(id int, over func() bool) {
			switch id {
			case 10: // a plain resource evicts members
				r := s.p.Create(&thing{})
				for !over() {
					if r.Get(nil) == nil {
						r.Put()
						time.Sleep(50 * time.Microsecond)
					}
				}
			case 11:
				for !over() {
					if s.sub.Acquire(context.Background(), 1) == nil {
						s.sub.Free(1)
						time.Sleep(100 * time.Microsecond)
					}
				}
			default:
				s.user(int64(id)+1, over)
			}
		}, func(i int) {
			s.p.SetMax(slots - uint(i/8%2))
			if st := s.p.Stats(); st.InUse+st.Idle+st.Releasing > st.Max {
				t.Errorf("over the limit: %+v", st)
			}
			time.Sleep(20 * time.Microsecond)
		})
		s.p.SetMax(slots)
		stop()
		s.finish(slots)
	}
}

// opening returns how many openings there are.
func (s *groupStress) opening() (n int) {
	s.p.p.waitLock.Lock()
	defer s.p.p.waitLock.Unlock()
	for _, g := range s.groups {
		for o := g.g.openings.oldest; o != nil; o = o.newer {
			n++
		}
	}
	return n
}

// emptyAtRest releases what is idle in a group that nobody uses, and checks that this is all.
func emptyAtRest(t *testing.T, i int, g *group) {
	t.Helper()
	idle := 0
	for _, m := range *g.members.Load() {
		if phaseOf(m.r.state.W.Load()) == phaseIdle {
			idle++
		}
	}
	if g.live.Load() != int64(idle) || g.waiting.Load() != 0 || g.openings.oldest != nil {
		t.Errorf("group %d: %d live with %d idle, %d wait", i, g.live.Load(), idle, g.waiting.Load())
	}
	for range idle { // each is on the stack, once
		m := g.popIdle(false)
		if m == nil {
			t.Errorf("group %d: an idle member is not on the stack", i)
			break
		}
		m.r.releaseGeneration(generationOf(m.r.state.W.Load()))
	}
	if g.popIdle(false) != nil {
		t.Errorf("group %d: more on the stack than idle", i)
	}
	vacant := 0
	for g.vacant.pop(g) != nil {
		vacant++
	}
	if all := len(*g.members.Load()); vacant != all {
		t.Errorf("group %d: %d of %d empty members can be used again", i, vacant, all)
	}
}

// finish checks that all that was given out came back.
func (s *groupStress) finish(slots uint) {
	t := s.t
	testkit.Eventually(t, "abandoned allocations end", func() bool {
		st := s.p.Stats() // which does not count an opening that has a slot and has not begun
		return st.InUse+st.Releasing == 0 && s.open.Load() <= int64(st.Idle) && s.opening() == 0
	})
	wantSize(t, s.p, slots, slots)
	for i, g := range s.groups {
		emptyAtRest(t, i, g.g)
	}
	if s.p.p.lane.count != 0 || s.sub.p.lane.count != 0 || s.p.p.everyone.first != nil {
		t.Errorf("%d and %d in the lanes", s.p.p.lane.count, s.sub.p.lane.count)
	}
	for _, m := range s.things {
		m.check(t)
	}
	s.p.ReleaseIdle(slots)
	wantUsage(t, s.p, 0, 0, 0)
	t.Logf("%d gets, %d given up, %d members", s.gets.Load(), s.lost.Load(), len(s.things))
}
