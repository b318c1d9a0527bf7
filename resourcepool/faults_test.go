package resourcepool

import (
	"errors"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/slotpool/slotpool/internal/testkit"
)

// The faults of the reference that concern this package, by their numbers in
// the contract. Faults 1, 4, 7 and 8 are tested in connpool.

func TestFault2GetWhileAnIdleResourceIsBeingReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		finish := make(chan struct{})
		a := p.Create(&thing{release: func() error { <-finish; return nil }})
		mustGet(t, a)
		a.Put()
		go a.Release()
		synctest.Wait()
		b := p.Create(&thing{})
		testkit.WantErr(t, "Get", b.Get(MakeImmediateCanceler()), ErrorResourceLimitExceeded)
		done := make(chan error, 1)
		go func() { done <- b.Get(nil) }()
		synctest.Wait()
		close(finish)
		testkit.WantErr(t, "Get after the release", <-done, nil)
	})
}

func TestFault3OneScheduleReleaseReleasesOnce(t *testing.T) {
	f := &thing{}
	r := New(1, "").Create(f)
	mustGet(t, r)
	testkit.WantErr(t, "ScheduleRelease", r.ScheduleRelease(), nil)
	r.Put()
	for range 3 {
		mustGet(t, r)
		r.Put()
	}
	if n := f.releases.Load(); n != 1 {
		t.Fatalf("%d releases for one ScheduleRelease", n)
	}
}

func TestFault5AllocateWaitsForReleaseOfTheSameResource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finish := make(chan struct{})
		f := &thing{release: func() error { <-finish; return nil }}
		p := New(4, "")
		r := p.Create(f)
		mustGet(t, r)
		go r.Release()
		synctest.Wait()
		done := make(chan error, 1)
		go func() { done <- r.Get(nil) }()
		synctest.Wait()
		if f.allocations.Load() != 1 {
			t.Fatal("Allocate ran during Release")
		}
		close(finish)
		testkit.WantErr(t, "Get", <-done, nil)
		f.check(t)
		wantUsage(t, p, 1, 0, 0)
	})
}

func TestFault6PanicInAllocateFreesTheSlot(t *testing.T) {
	p := New(1, "")
	r := p.Create(&thing{allocate: func() error { panic("fake panic") }})
	testkit.WantPanic(t, "fake panic", func() { r.Get(nil) })
	wantUsage(t, p, 0, 0, 0)
	hold(t, p)
	if n := p.Stats().AllocationErrors; n != 1 {
		t.Fatalf("%d allocation errors", n)
	}
}

func TestGoexitInAllocateFreesTheSlot(t *testing.T) {
	p := New(1, "")
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Create(&thing{allocate: func() error { runtime.Goexit(); return nil }}).Get(nil)
	}()
	<-done
	wantUsage(t, p, 0, 0, 0)
}

func TestPanicInReleaseFreesTheSlot(t *testing.T) {
	bad := func() *thing { return &thing{release: func() error { panic("fake panic") }} }
	t.Run("by its holder", func(t *testing.T) {
		p := New(1, "")
		r := p.Create(bad())
		mustGet(t, r)
		testkit.WantPanic(t, "fake panic", func() { r.Release() })
		wantUsage(t, p, 0, 0, 0)
		mustGet(t, r)
	})
	t.Run("by an evictor", func(t *testing.T) {
		p := New(1, "")
		r := p.Create(bad())
		mustGet(t, r)
		r.Put()
		other := p.Create(&thing{})
		testkit.WantPanic(t, "fake panic", func() { other.Get(nil) })
		wantUsage(t, p, 0, 0, 0)
		if st := p.Stats(); st.Allocations != 1 || st.AllocationErrors != 0 {
			t.Errorf("%+v: what was never tried counts as an allocation", st)
		}
		mustGet(t, other)
	})
	t.Run("in Renew", func(t *testing.T) {
		p := New(1, "")
		r := p.Create(bad())
		mustGet(t, r)
		testkit.WantPanic(t, "fake panic", func() { r.Renew(&thing{}) })
		wantUsage(t, p, 0, 0, 0)
	})
}

func TestEvictionKeepsTheVictimsErrorWithTheVictim(t *testing.T) {
	p := New(1, "")
	a := p.Create(&thing{release: func() error { return errFake }})
	mustGet(t, a)
	a.Put()
	b := p.Create(&thing{})
	testkit.WantErr(t, "Get that evicts", b.Get(nil), nil)
	testkit.WantErr(t, "Release of the victim", a.Release(), errFake)
	if errors.Is(b.Release(), errFake) {
		t.Fatal("the victim's error went to the evictor")
	}
}

func TestFault9NothingAllocatedOnReuse(t *testing.T) {
	r := New(1, "").Create(&thing{})
	mustGet(t, r)
	r.Put()
	if n := testing.AllocsPerRun(100, func() {
		if r.Get(nil) != nil {
			t.Fatal("Get failed")
		}
		r.Put()
	}); n != 0 {
		t.Fatalf("%v allocations a Get", n)
	}
}
