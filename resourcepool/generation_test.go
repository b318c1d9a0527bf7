package resourcepool

import (
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestReleaseIdleGeneration(t *testing.T) {
	p, f := New(1, ""), &thing{}
	r := p.Create(f)
	if r.ReleaseIdleGeneration(r.Generation()) {
		t.Error("released an empty resource")
	}
	mustGet(t, r)
	first := r.Generation()
	if r.ReleaseIdleGeneration(first) {
		t.Error("released a resource in use")
	}
	wantUsage(t, p, 1, 0, 0)
	r.Put()
	if r.ReleaseIdleGeneration(first-1) || r.ReleaseIdleGeneration(first+1) {
		t.Error("released another generation")
	}
	wantUsage(t, p, 0, 1, 0)
	if !r.ReleaseIdleGeneration(first) {
		t.Error("did not release an idle resource")
	}
	wantUsage(t, p, 0, 0, 0)
	mustGet(t, r)
	r.Put()
	if r.ReleaseIdleGeneration(first) {
		t.Error("released what came after its generation")
	}
	wantUsage(t, p, 0, 1, 0)
	f.check(t)
}

func TestReleaseIdleGenerationKeepsTheError(t *testing.T) {
	r := New(1, "").Create(&thing{release: func() error { return errFake }})
	mustGet(t, r)
	r.Put()
	if !r.ReleaseIdleGeneration(r.Generation()) {
		t.Fatal("did not release an idle resource")
	}
	testkit.WantErr(t, "Release", r.Release(), errFake)
}

func TestScheduleGeneration(t *testing.T) {
	p, f := New(1, ""), &thing{}
	r := p.Create(f)
	if r.ScheduleGeneration(r.Generation()) {
		t.Error("scheduled an empty resource")
	}
	mustGet(t, r)
	first := r.Generation()
	if r.ScheduleGeneration(first + 1) {
		t.Error("scheduled another generation")
	}
	if !r.ScheduleGeneration(first) {
		t.Error("did not schedule a resource in use")
	}
	wantUsage(t, p, 1, 0, 0)
	r.Put()
	wantUsage(t, p, 0, 0, 0)

	mustGet(t, r)
	r.Put()
	if r.ScheduleGeneration(first) {
		t.Error("scheduled what came after its generation")
	}
	wantUsage(t, p, 0, 1, 0)
	if !r.ScheduleGeneration(first + 1) {
		t.Error("did not release an idle resource")
	}
	wantUsage(t, p, 0, 0, 0)
	f.check(t)
}

// TestScheduleGenerationDuringAllocate: the news of what Allocate is making comes
// before Allocate has returned, and must not be lost; nor may it outlive a failed
// Allocate.
func TestScheduleGenerationDuringAllocate(t *testing.T) {
	p := New(1, "")
	var r *Resource
	fail, early := false, true
	r = p.Create(&thing{allocate: func() error {
		if next := r.Generation() + 1; early && (r.ScheduleGeneration(next-1) || !r.ScheduleGeneration(next)) {
			t.Error("only what is being allocated can be scheduled")
		}
		if fail {
			return errFake
		}
		return nil
	}})
	mustGet(t, r)
	wantUsage(t, p, 1, 0, 0)
	r.Put()
	wantUsage(t, p, 0, 0, 0)

	fail = true
	testkit.WantErr(t, "Get", r.Get(nil), errFake)
	fail, early = false, false
	mustGet(t, r)
	r.Put()
	wantUsage(t, p, 0, 1, 0)
}

// TestScheduleGenerationDuringRenew schedules what Renew is releasing anyway.
func TestScheduleGenerationDuringRenew(t *testing.T) {
	p := New(1, "")
	var r *Resource
	f := &thing{}
	f.release = func() error {
		if f.releases.Load() == 1 {
			r.ScheduleGeneration(r.Generation())
		}
		return nil
	}
	r = p.Create(f)
	mustGet(t, r)
	if err := r.Renew(f); err != nil {
		t.Fatal(err)
	}
	r.Put()
	wantUsage(t, p, 0, 1, 0) // the new one was not scheduled
	f.check(t)
}

// TestScheduleGenerationOfAVictimThatIsNotNeeded: the news comes between the
// choice of a victim and its Release, which is then called off.
func TestScheduleGenerationOfAVictimThatIsNotNeeded(t *testing.T) {
	p := New(1, "")
	r, other := p.Create(&thing{}), p.Create(&thing{})
	mustGet(t, r)
	r.Put()
	victim := p.p.claimVictim(&other.r)
	if victim != &r.r {
		t.Fatal("no victim")
	}
	if r.ReleaseIdleGeneration(r.Generation()) {
		t.Error("released a victim of somebody else")
	}
	if !r.ScheduleGeneration(r.Generation()) {
		t.Error("not scheduled")
	}
	victim.unclaim()
	wantUsage(t, p, 0, 0, 0)
}

// TestGenerationVerbsBesideGetAndPut: each allocation is released once, whoever
// comes first.
func TestGenerationVerbsBesideGetAndPut(t *testing.T) {
	p, f := New(1, ""), &thing{}
	r := p.Create(f)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				r.ReleaseIdleGeneration(r.Generation())
				r.ScheduleGeneration(r.Generation())
			}
		}
	}()
	for range 20_000 {
		if err := r.Get(nil); err != nil {
			t.Fatal(err)
		}
		r.PutGeneration(r.Generation())
	}
	close(stop)
	<-stopped
	_ = r.Release()
	f.check(t)
	if a, n := f.allocations.Load(), f.releases.Load(); a != n {
		t.Errorf("%d allocations, %d releases", a, n)
	}
	wantUsage(t, p, 0, 0, 0)
}
