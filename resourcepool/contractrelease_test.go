package resourcepool

import (
	"testing"
	"testing/synctest"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestReleaseOfAnIdleResourceFreesItsSlot(t *testing.T) {
	p := New(2, "")
	r := hold(t, p)
	r.Put()
	wantUsage(t, p, 0, 1, 0)
	testkit.WantErr(t, "Release", r.Release(), nil)
	wantUsage(t, p, 0, 0, 0)
}

func TestReleaseFromInsideReleaseReturnsAtOnce(t *testing.T) {
	f := &thing{}
	r := New(1, "").Create(f)
	calls := 0
	f.release = func() error {
		calls++
		return r.Release()
	}
	mustGet(t, r)
	testkit.WantErr(t, "Release", r.Release(), nil)
	if calls != 1 {
		t.Fatalf("%d calls of Release", calls)
	}
	mustGet(t, r) // and nothing of it is left
	r.Put()
	if calls != 1 {
		t.Fatal("the inner Release struck the next allocation")
	}
}

func TestReleaseDuringAllocatePanics(t *testing.T) {
	p := New(1, "")
	f := &thing{}
	r := p.Create(f)
	f.allocate = func() error { return r.Release() }
	testkit.WantPanic(t, "Resource is allocating", func() { r.Get(nil) })
	wantUsage(t, p, 0, 0, 0)
}

// A Get that has not come to its Allocate holds nothing yet: Release of its
// resource has nothing to do, and is no misuse.
func TestReleaseBeforeAllocateDoesNothing(t *testing.T) {
	for _, homes := range [][2]int{{0, 0}, {0, 1}} { // of the resource and its victim
		synctest.Test(t, func(t *testing.T) {
			p := newPool(1, "", 2, 2)
			finish := make(chan struct{})
			v := p.p.create(&thing{release: func() error { <-finish; return nil }}, homes[1])
			f := &thing{}
			r := p.p.create(f, homes[0])
			check := func(when string) {
				t.Helper()
				before := f.releases.Load()
				if err := r.Release(); err != nil || f.releases.Load() != before {
					t.Errorf("%s: error %v, and %d releases", when, err, f.releases.Load()-before)
				}
			}
			mustGet(t, v)
			g := startGet(r)
			g.wantWaiting(t)
			check("waiting for a slot")
			v.Put()
			g.wantWaiting(t)
			check("while the victim is released")
			if st := p.Stats(); st.Releasing != 1 || st.InUse+st.Idle != 0 {
				t.Errorf("%+v", st)
			}
			close(finish)
			g.wantDone(t, nil)
			wantUsage(t, p, 1, 0, 0)

			// The same with a slot from the start, in the place of an idle one.
			finish = make(chan struct{})
			r.Put()
			mustGet(t, v)
			v.Put()
			g = startGet(r)
			g.wantWaiting(t)
			check("while the idle victim is released")
			close(finish)
			g.wantDone(t, nil)
			wantUsage(t, p, 1, 0, 0)
		})
	}
}

func TestScheduledReleaseWaitsForPut(t *testing.T) {
	f := &thing{}
	p := New(1, "")
	r := p.Create(f)
	mustGet(t, r)
	testkit.WantErr(t, "ScheduleRelease", r.ScheduleRelease(), nil)
	if f.releases.Load() != 0 {
		t.Fatal("released while in use")
	}
	r.Put()
	if f.releases.Load() != 1 {
		t.Fatal("not released at Put")
	}
	wantUsage(t, p, 0, 0, 0)
}

func TestScheduleReleaseDuringAllocateTakesEffectAtPut(t *testing.T) {
	f := &thing{}
	r := New(1, "").Create(f)
	f.allocate = func() error { return r.ScheduleRelease() }
	mustGet(t, r)
	r.Put()
	if f.releases.Load() != 1 {
		t.Fatal("not released at Put")
	}
}

func TestLastReleaseErrorIsForgottenAfterASuccess(t *testing.T) {
	result := errFake
	r := New(1, "").Create(&thing{release: func() error { return result }})
	testkit.WantErr(t, "Release of a resource never gotten", r.Release(), nil)
	mustGet(t, r)
	testkit.WantErr(t, "Release", r.Release(), errFake)
	result = nil
	mustGet(t, r)
	testkit.WantErr(t, "Release", r.Release(), nil)
	testkit.WantErr(t, "second Release", r.Release(), nil)
}
