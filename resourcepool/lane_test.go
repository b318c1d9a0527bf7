package resourcepool

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// dead makes n resources whose Allocate takes a second and fails. Each has failed once.
func dead(t *testing.T, p *Pool, n int) (all []*Resource, alive func()) {
	t.Helper()
	var healed atomic.Bool
	for range n {
		r := p.Create(&thing{allocate: func() error {
			if healed.Load() {
				return nil
			}
			time.Sleep(time.Second)
			return errFake
		}})
		testkit.WantErr(t, "Get of a dead one", r.Get(nil), errFake)
		all = append(all, r)
	}
	return all, func() { healed.Store(true) }
}

func wantLane(t *testing.T, p *Pool, count uint) {
	t.Helper()
	synctest.Wait()
	p.p.waitLock.Lock()
	defer p.p.waitLock.Unlock()
	if p.p.lane.count != count {
		t.Fatalf("%d in the lane, want %d", p.p.lane.count, count)
	}
}

func wantNewOneAtOnce(t *testing.T, p *Pool) {
	t.Helper()
	r, began := p.Create(&thing{}), time.Now()
	testkit.WantErr(t, "Get of a healthy new one", r.Get(nil), nil)
	if waited := time.Since(began); waited != 0 {
		t.Fatalf("it waited %v", waited)
	}
	testkit.WantErr(t, "Release", r.Release(), nil)
}

// 3 of 4 addresses are dead. They have an eighth of the slots, and the others keep
// their connections.
func TestDeadOnesDoNotEvictTheHealthy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(16, "")
		down, _ := dead(t, p, 48)
		healthy := parked(t, p, 14, plainThing)
		var gets []*getter
		for range 5 {
			for _, r := range down {
				gets = append(gets, startGet(r))
			}
			wantLane(t, p, 2)
			for _, r := range healthy {
				if !r.TryGet() {
					t.Fatal("a healthy one was evicted")
				}
				r.Put()
			}
			wantNewOneAtOnce(t, p)
			mustGet(t, healthy[0]) // which was evicted for it, or is there
			healthy[0].Put()
			for i, r := range healthy {
				if !r.TryGet() {
					mustGet(t, healthy[i])
				}
				r.Put()
			}
			time.Sleep(1500 * time.Millisecond)
		}
		for _, g := range gets {
			if !g.done.Load() {
				close(g.cancel)
			}
		}
		time.Sleep(time.Minute)
		wantLane(t, p, 0)
		if p.p.everyone.first != nil {
			t.Fatal("somebody waits")
		}
	})
}

func TestImmediateGetOfADeadOneIsNotRefusedAFreeSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(8, "") // a lane of one
		down, alive := dead(t, p, 8)
		alive()
		for _, r := range down {
			mustGet(t, r)
		}
		for _, r := range down {
			testkit.WantErr(t, "Release", r.Release(), nil)
			r.r.state.W.Or(markSuspect)
		}
		p.p.waitLock.Lock()
		down[0].r.enterLane() // the lane is full
		p.p.waitLock.Unlock()
		for _, r := range down[1:] {
			mustGet(t, r)
		}
		p.p.waitLock.Lock()
		down[0].r.leaveLane()
		p.p.waitLock.Unlock()
		wantLane(t, p, 0)
	})
}

func TestLaneIsServedInOrderAndOpensWhenOneRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(8, "")
		down, alive := dead(t, p, 3)
		first, second, third := startGet(down[0]), startGet(down[1]), startGet(down[2])
		wantLane(t, p, 1)
		time.Sleep(time.Second)
		first.wantDone(t, errFake)
		second.wantWaiting(t)
		alive() // the third will succeed
		third.wantWaiting(t)
		time.Sleep(time.Second)
		second.wantDone(t, errFake) // its Allocate had begun
		third.wantDone(t, nil)
		wantLane(t, p, 0)
		if down[2].r.isSuspect() {
			t.Fatal("suspect after it succeeded")
		}
		wantUsage(t, p, 1, 0, 0)
		mustGet(t, down[0])
		mustGet(t, down[1])
		wantLane(t, p, 0)
	})
}

func TestCancelInTheLaneLeavesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(8, "")
		down, _ := dead(t, p, 3)
		for range 7 {
			hold(t, p) // one is left for the lane
		}
		first, second, third := startGet(down[0]), startGet(down[1]), startGet(down[2])
		behind := startGet(down[1])
		close(second.cancel)
		second.wantDone(t, ErrorResourceLimitExceeded)
		time.Sleep(time.Second)
		first.wantDone(t, errFake)
		wantLane(t, p, 1)
		time.Sleep(time.Second)
		third.wantDone(t, errFake)
		behind.wantWaiting(t) // it came last, and has its own turn
		time.Sleep(time.Second)
		behind.wantDone(t, errFake)
		wantLane(t, p, 0)
		wantUsage(t, p, 7, 0, 0)
	})
}

// The Get that allocated it tells the lane a little later than the state word does.
func TestSuspectThatEntersTheLaneTwiceIsCountedOnce(t *testing.T) {
	p := New(16, "")
	r := p.Create(&thing{})
	p.p.waitLock.Lock()
	r.r.enterLane()
	r.r.enterLane()
	r.r.leaveLane()
	r.r.leaveLane()
	n := p.p.lane.count
	p.p.waitLock.Unlock()
	if n != 0 {
		t.Fatalf("%d in the lane", n)
	}
}

// Allocates that take long count in the lane, though they were let in as healthy: suspects
// that come then find it full.
func TestOverdueAllocatesFillTheLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(16, "") // a lane of two
		end := make(chan struct{})
		hang := func() error { <-end; return errFake }
		failing := p.Create(&thing{allocate: func() error { return errFake }})
		testkit.WantErr(t, "first", failing.Get(nil), errFake)
		slow := []*getter{startGet(p.Create(&thing{allocate: hang})), startGet(p.Create(&thing{allocate: hang}))}
		quick := startGet(failing)
		quick.wantDone(t, errFake) // they are not overdue yet
		time.Sleep(overdue)
		barred := startGet(failing)
		barred.wantWaiting(t)
		healthy := startGet(p.Create(&thing{}))
		healthy.wantDone(t, nil)
		close(end)
		barred.wantDone(t, errFake)
		slow[0].wantDone(t, errFake)
		slow[1].wantDone(t, errFake)
		if p.p.lane.count != 0 {
			t.Fatalf("%d left in the lane", p.p.lane.count)
		}
		times := p.Times()
		if times.AllocateFailed.Count() != 5 || times.AllocateFailed.Sum != 2*overdue {
			t.Fatalf("%d failed in %v", times.AllocateFailed.Count(), times.AllocateFailed.Sum)
		}
	})
}

// What an Allocate waits for in this process, such as a descriptor, makes no suspect.
func TestAllocateThatHasNotBegunIsNotOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(8, "") // a lane of one
		failing := p.Create(&thing{allocate: func() error { return errFake }})
		testkit.WantErr(t, "first", failing.Get(nil), errFake)
		queued := &queuedThing{}
		end := make(chan struct{})
		queued.allocate = func() error { <-end; return nil }
		queued.began = time.Now() // what an earlier Allocate has left
		time.Sleep(time.Nanosecond)
		waits := startGet(p.Create(queued))
		time.Sleep(2 * overdue)
		x := startGet(failing)
		x.wantDone(t, errFake)
		queued.began = time.Now()
		time.Sleep(overdue)
		barred := startGet(failing)
		barred.wantWaiting(t)
		close(end)
		waits.wantDone(t, nil)
		barred.wantDone(t, errFake)
		if sum := p.Times().Allocate.Sum; sum != overdue {
			t.Fatalf("timed as %v", sum)
		}
	})
}

// queuedThing waits for something before it allocates in earnest.
type queuedThing struct {
	thing
	began time.Time
}

func (q *queuedThing) AllocateBegan() time.Time { return q.began }
