package resourcepool

import (
	"testing"

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

func TestPutMisuse(t *testing.T) {
	r := New(1, "").Create(&thing{})
	r.Put() // nothing there: as after a Release
	mustGet(t, r)
	r.Put()
	testkit.WantPanic(t, "Resource was not gotten", r.Put)
	mustGet(t, r)
	testkit.WantErr(t, "Release", r.Release(), nil)
	r.Put()
	if st := r.r.state.W.Load(); phaseOf(st) != phaseEmpty {
		t.Fatalf("state %x after Put after Release", st)
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
	seen := map[int]bool{}
	for range 64 { // on many processors there are more homes than shards
		seen[int(p.Create(&thing{}).r.home)%p.p.free.Shards()] = true
	}
	if len(seen) != 8 {
		t.Fatalf("unkeyed resources in %d of 8 shards", len(seen))
	}
}
