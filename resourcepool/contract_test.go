package resourcepool

import (
	"testing"
	"testing/synctest"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestErrorTextsAreTheReferences(t *testing.T) {
	if ErrorPutTimeout.Error() != "timed out waiting for put" {
		t.Error(ErrorPutTimeout)
	}
	if ErrorResourceLimitExceeded.Error() != "resource limit exceeded" {
		t.Error(ErrorResourceLimitExceeded)
	}
}

func TestGetTriesFirstAndLeavesTheMessage(t *testing.T) {
	p := New(1, "")
	r := p.Create(&thing{})
	closed := make(chan struct{})
	close(closed)
	if err := r.Get(closed); err != nil {
		t.Fatal(err)
	}
	r.Put()
	canceler := MakeImmediateCanceler()
	if err := r.Get(canceler); err != nil {
		t.Fatal(err)
	}
	r.Put()
	if len(canceler) != 1 {
		t.Fatal("a Get that need not wait took the message")
	}
	other := p.Create(&thing{})
	if err := other.Get(canceler); err != nil { // by eviction
		t.Fatal(err)
	}
	if len(canceler) != 1 {
		t.Fatal("a Get that evicted took the message")
	}
	testkit.WantErr(t, "Get of a busy resource", other.Get(canceler), ErrorPutTimeout)
	if len(canceler) != 0 {
		t.Fatal("a cancelled Get left the message")
	}
}

func TestCancelErrorsTellWhatWasWaitedFor(t *testing.T) {
	p := New(1, "")
	a, b := p.Create(&thing{}), p.Create(&thing{})
	mustGet(t, a)
	testkit.WantErr(t, "Get of a held resource", a.Get(MakeImmediateCanceler()), ErrorPutTimeout)
	testkit.WantErr(t, "Get without a slot", b.Get(MakeImmediateCanceler()), ErrorResourceLimitExceeded)
	a.Put()
	mustGet(t, b)
	wantUsage(t, p, 1, 0, 0)
}

func TestErrorsComeBackVerbatim(t *testing.T) {
	p := New(1, "")
	fail := &thing{allocate: func() error { return errFake }}
	testkit.WantErr(t, "Get", p.Create(fail).Get(nil), errFake)
	wantUsage(t, p, 0, 0, 0)

	r := p.Create(&thing{release: func() error { return errFake }})
	mustGet(t, r)
	testkit.WantErr(t, "Release", r.Release(), errFake)
	testkit.WantErr(t, "Release of a resource that has none", r.Release(), errFake)
	mustGet(t, r)
	r.Put()
	testkit.WantErr(t, "ScheduleRelease of an idle resource", r.ScheduleRelease(), errFake)
	testkit.WantErr(t, "ScheduleRelease of an empty resource", r.ScheduleRelease(), nil)
	wantUsage(t, p, 0, 0, 0)
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

func TestPutMisuse(t *testing.T) {
	r := New(1, "").Create(&thing{})
	r.Put() // nothing there: as after a Release
	mustGet(t, r)
	r.Put()
	testkit.WantPanic(t, "Resource was not gotten", r.Put)
	mustGet(t, r)
	testkit.WantErr(t, "Release", r.Release(), nil)
	r.Put()
	if st := r.r.state.w.Load(); phaseOf(st) != phaseEmpty {
		t.Fatalf("state %x after Put after Release", st)
	}
}

func TestReleaseOfAnIdleResourceFreesItsSlot(t *testing.T) {
	p := New(2, "")
	r := p.Create(&thing{})
	mustGet(t, r)
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

func TestCallbacksMayUseThePool(t *testing.T) {
	p := New(3, "")
	inner := p.Create(&thing{})
	use := func() error {
		if err := inner.Get(MakeImmediateCanceler()); err != nil {
			return err
		}
		inner.Put()
		return inner.Release()
	}
	r := p.Create(&thing{allocate: use, release: use})
	mustGet(t, r)
	testkit.WantErr(t, "Release", r.Release(), nil)
	wantUsage(t, p, 0, 0, 0)
}

func TestNoSlotsNoGet(t *testing.T) {
	r := New(0, "").Create(&thing{})
	testkit.WantErr(t, "Get", r.Get(MakeImmediateCanceler()), ErrorResourceLimitExceeded)
}

func TestCreateNilPanics(t *testing.T) {
	testkit.WantPanic(t, "resourcepool: Create with a nil AllocateReleaser", func() { New(1, "").Create(nil) })
}

func TestIdleStaysOpenUntilItsSlotIsNeeded(t *testing.T) {
	p := New(2, "")
	a, b, c := &thing{}, &thing{}, &thing{}
	for _, f := range []*thing{a, b} {
		r := p.Create(f)
		mustGet(t, r)
		r.Put()
		mustGet(t, r)
		r.Put()
		if f.allocations.Load() != 1 || f.releases.Load() != 0 {
			t.Fatal("an idle resource was not reused")
		}
	}
	mustGet(t, p.Create(c))
	if n := a.releases.Load() + b.releases.Load(); n != 1 {
		t.Fatalf("%d evictions for one slot", n)
	}
	wantUsage(t, p, 1, 1, 0)
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

func TestRenewReplacesInPlace(t *testing.T) {
	f := &thing{}
	p := New(1, "")
	r := p.Create(f)
	testkit.WantPanic(t, "Resource was not gotten", func() { r.Renew(f) })
	mustGet(t, r)
	before := r.Generation()
	if err := r.Renew(f); err != nil {
		t.Fatal(err)
	}
	if r.Generation() != before+1 || f.releases.Load() != 1 || f.allocations.Load() != 2 {
		t.Fatalf("generation %d, %d allocations, %d releases", r.Generation(), f.allocations.Load(), f.releases.Load())
	}
	wantUsage(t, p, 1, 0, 0)
	testkit.WantErr(t, "Renew", r.Renew(&thing{allocate: func() error { return errFake }}), errFake)
	wantUsage(t, p, 0, 0, 0)
	r.Put() // after a failed Renew it is nobody's
	f.check(t)
}

func TestStaleGenerationDoesNothing(t *testing.T) {
	f := &thing{}
	p := New(1, "")
	r := p.Create(f)
	mustGet(t, r)
	old := r.Generation()
	if released, err := r.ReleaseGeneration(old); !released || err != nil {
		t.Fatal(released, err)
	}
	r.PutGeneration(old)
	mustGet(t, r)
	r.PutGeneration(old)
	if released, _ := r.ReleaseGeneration(old); released {
		t.Fatal("released the next user's")
	}
	wantUsage(t, p, 1, 0, 0)
	r.PutGeneration(r.Generation())
	wantUsage(t, p, 0, 1, 0)
}

func TestCreateKeyedPutsEqualKeysTogether(t *testing.T) {
	p := newPool(64, "", 8, 1)
	a, b := p.CreateKeyed(&thing{}, "host:1"), p.CreateKeyed(&thing{}, "host:1")
	if a.r.home != b.r.home {
		t.Fatal("equal keys in different shards")
	}
	seen := map[int32]bool{}
	for range 64 {
		seen[p.Create(&thing{}).r.home] = true
	}
	if len(seen) != 8 {
		t.Fatalf("unkeyed resources in %d of 8 shards", len(seen))
	}
}
