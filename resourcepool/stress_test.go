package resourcepool

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/evict"
	"github.com/slotpool/slotpool/internal/testkit"
)

// owned is a resource whose users swap themselves in as its owner: a double
// hand-out shows at once, in whichever of the two comes second.
type owned struct {
	thing
	r     *Resource
	owner atomic.Int64
}

type swapStress struct {
	t         *testing.T
	p         *Pool
	resources []*owned
	open      atomic.Int64
	over      atomic.Bool
	gets      atomic.Int64
}

func newSwapStress(t *testing.T, slots uint, shards, lists, resources int) *swapStress {
	s := &swapStress{t: t, p: newPool(slots, "", shards, lists)}
	for i := range resources {
		o := &owned{}
		o.thing.open = &s.open
		var calls atomic.Int64
		o.allocate = func() error {
			if n := s.open.Load(); n >= int64(slots) { // before this one is counted
				t.Errorf("%d open with %d slots", n+1, slots)
			}
			if i%8 == 1 && calls.Add(1)%5 == 0 {
				return errFake
			}
			return nil
		}
		o.r = s.p.Create(o)
		s.resources = append(s.resources, o)
	}
	return s
}

// user does random things until the stress is over. id is not 0.
func (s *swapStress) user(id int64, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, uint64(id)))
	for !s.over.Load() {
		o := s.resources[rng.IntN(len(s.resources))]
		if !s.get(o, rng) {
			continue
		}
		s.gets.Add(1)
		if other := o.owner.Swap(id); other != 0 {
			s.t.Errorf("user %d was given what user %d has", id, other)
		}
		if o.state.Load() != 1 {
			s.t.Errorf("user %d was given what is not allocated", id)
		}
		if rng.IntN(4) == 0 {
			time.Sleep(time.Duration(rng.IntN(20)) * time.Microsecond)
		}
		s.giveBack(o, id, rng)
	}
}

func (s *swapStress) get(o *owned, rng *rand.Rand) bool {
	var err error
	switch rng.IntN(5) {
	case 0:
		err = o.r.Get(MakeImmediateCanceler())
	case 1:
		cancel := make(chan struct{})
		timer := time.AfterFunc(time.Duration(rng.IntN(50))*time.Microsecond, func() { close(cancel) })
		err = o.r.Get(cancel)
		timer.Stop()
	case 2:
		if !o.r.TryGet() {
			return false
		}
	default:
		err = o.r.Get(nil)
	}
	if err != nil && err != errFake && err != ErrorPutTimeout && err != ErrorResourceLimitExceeded {
		s.t.Errorf("Get: %v", err)
	}
	return err == nil
}

func (s *swapStress) giveBack(o *owned, id int64, rng *rand.Rand) {
	generation := o.r.Generation()
	disown := func() {
		if other := o.owner.Swap(0); other != id {
			s.t.Errorf("user %d found user %d in its place", id, other)
		}
	}
	switch rng.IntN(16) {
	case 0:
		disown()
		_ = o.r.Release()
		o.r.PutGeneration(generation) // must do nothing, whoever has it
	case 1:
		_ = o.r.ScheduleRelease()
		disown()
		o.r.Put()
	case 2:
		disown()
		if o.r.Renew(o) == nil { // else it may be another's already
			o.r.Put()
		}
	case 3:
		disown()
		o.r.Put()
		_ = s.resources[rng.IntN(len(s.resources))].r.ScheduleRelease()
	default:
		disown()
		o.r.PutGeneration(generation)
	}
}

func TestOwnerSwapStress(t *testing.T) {
	for _, c := range []struct {
		name                     string
		slots                    uint
		shards, lists, resources int
		users                    int64
	}{
		{"one slot", 1, 1, 1, 4, 8},
		{"few slots, few resources", 4, 2, 1, 6, 16},
		{"few slots, many resources", 8, 8, 4, 200, 32},
		{"a slot each", 64, 16, 8, 64, 32},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := testkit.StressTime(t)
			s := newSwapStress(t, c.slots, c.shards, c.lists, c.resources)
			defer watchdog(s.p, d)()
			var wg sync.WaitGroup
			seed := uint64(time.Now().UnixNano())
			for id := range c.users {
				wg.Go(func() { s.user(id+1, seed) })
			}
			var checks sync.WaitGroup
			checks.Go(func() {
				for !s.over.Load() {
					if st := s.p.Stats(); st.InUse+st.Idle+st.Releasing > st.Max {
						t.Errorf("over the limit: %+v", st)
					}
					s.p.p.idle.Prefer(rand.IntN(evict.Experts())) // each in turn
				}
			})
			time.Sleep(d) // the length of the stress; nothing waits for it
			s.over.Store(true)
			wg.Wait()
			checks.Wait()
			s.finish()
			t.Logf("seed %d: %d gets, %+v", seed, s.gets.Load(), s.p.Stats())
		})
	}
}

// finish checks that all that was given out came back.
func (s *swapStress) finish() {
	// The Release of a Get that was cancelled goes on without it.
	testkit.Eventually(s.t, "all Releases have ended", func() bool { return s.p.Stats().Releasing == 0 })
	st := s.p.Stats()
	wantUsage(s.t, s.p, 0, st.Idle, 0)
	all := make([]*Resource, len(s.resources))
	for i, o := range s.resources {
		all[i] = o.r
	}
	auditAtRest(s.t, s.p, all)
	if open := s.open.Load(); open != int64(st.Idle) {
		s.t.Errorf("%d open, %d idle", open, st.Idle)
	}
	for _, o := range s.resources {
		_ = o.r.Release()
		o.check(s.t)
	}
	wantUsage(s.t, s.p, 0, 0, 0)
	if open := s.open.Load(); open != 0 {
		s.t.Errorf("%d open after all was released", open)
	}
	if st.Gets != st.Reuses+st.Allocations && st.DeadOnCheck == 0 {
		s.t.Errorf("gets are not reuses plus allocations: %+v", st)
	}
}

// TestImmediateGetIsNeverRefusedWithASlotEach is the contract's promise to N
// users of N slots, while releases and evictions move the slots about between
// the shards.
func TestImmediateGetIsNeverRefusedWithASlotEach(t *testing.T) {
	for _, c := range []struct{ users, shards int }{{2, 2}, {3, 2}, {8, 8}, {16, 4}, {32, 32}} {
		p := newPool(uint(c.users), "", c.shards, min(c.shards, 4))
		d := testkit.StressTime(t) / 4
		stop := watchdog(p, d)
		var wg sync.WaitGroup
		var over atomic.Bool
		for id := range c.users {
			var own []*Resource // on many shards
			for range 2 * c.shards {
				own = append(own, p.Create(&thing{}))
			}
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(1, uint64(id)))
				for !over.Load() {
					r := own[rng.IntN(len(own))]
					if err := r.Get(MakeImmediateCanceler()); err != nil {
						t.Errorf("%d users of as many slots in %d shards: %v", c.users, c.shards, err)
						return
					}
					switch rng.IntN(8) {
					case 0, 1:
						_ = r.Release()
					case 2:
						_ = r.ScheduleRelease()
						r.Put()
					case 3:
						if r.Renew(&thing{}) == nil {
							r.Put()
						}
					default:
						r.Put()
					}
				}
			})
		}
		time.Sleep(d)
		over.Store(true)
		wg.Wait()
		stop()
	}
}

// TestHandOffStressLosesNoWaiter has nothing but waiting Gets without a
// canceler: a lost wake-up leaves one waiting for ever.
func TestHandOffStressLosesNoWaiter(t *testing.T) {
	for _, slots := range []uint{1, 2, 7} {
		d := testkit.StressTime(t) / 3
		p := newPool(slots, "", 4, 2)
		stop := watchdog(p, d)
		resources := make([]*Resource, 12)
		for i := range resources {
			resources[i] = p.Create(&thing{})
		}
		var wg sync.WaitGroup
		var over atomic.Bool
		for id := range 16 {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(2, uint64(id)))
				for !over.Load() {
					r := resources[rng.IntN(len(resources))]
					if r.Get(nil) == nil {
						r.Put()
					}
				}
			})
		}
		time.Sleep(d)
		over.Store(true)
		wg.Wait()
		stop()
		st := p.Stats()
		wantUsage(t, p, 0, st.Idle, 0)
	}
}
