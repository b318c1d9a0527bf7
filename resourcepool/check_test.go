package resourcepool

import (
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/slotpool/slotpool/internal/testkit"
)

// checked is a thing with a Checker.
type checked struct {
	thing
	alive func() bool // nil: true
	asked int
}

func (f *checked) Alive() bool {
	f.asked++
	return f.alive == nil || f.alive()
}

// parkedChecked returns an idle resource of a pool of one slot.
func parkedChecked(t *testing.T, f *checked) (*Pool, *Resource) {
	t.Helper()
	p := New(1, "")
	r := p.Create(f)
	mustGet(t, r)
	if f.asked != 0 {
		t.Fatal("asked about what was just allocated")
	}
	r.Put()
	return p, r
}

func TestDeadResourceIsReplacedInTheSameGet(t *testing.T) {
	f := &checked{}
	p, r := parkedChecked(t, f)
	mustGet(t, r)
	r.Put()
	if f.asked != 1 || f.allocations.Load() != 1 {
		t.Fatalf("asked %d times, %d allocations", f.asked, f.allocations.Load())
	}
	f.alive = func() bool { return false }
	mustGet(t, r)
	if f.asked != 2 || f.releases.Load() != 1 || f.allocations.Load() != 2 {
		t.Fatalf("asked %d times, %d releases, %d allocations", f.asked, f.releases.Load(), f.allocations.Load())
	}
	r.Put()
	f.check(t)
	if st := p.Stats(); st.DeadOnCheck != 1 || st.Allocations != 2 || st.Gets != 3 || st.Reuses != 1 {
		t.Fatalf("%+v", st)
	}
	wantUsage(t, p, 0, 1, 0)
}

func TestDeadResourceIsNotHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &checked{}
		p, r := parkedChecked(t, f)
		mustGet(t, r)
		f.alive = func() bool { return false }
		f.asked = 0
		g := startGet(r)
		r.Put()
		g.wantDone(t, nil)
		if f.asked != 1 || f.allocations.Load() != 2 {
			t.Fatalf("asked %d times, %d allocations", f.asked, f.allocations.Load())
		}
		wantUsage(t, p, 1, 0, 0)
	})
}

func TestTryGetReleasesADeadResource(t *testing.T) {
	f := &checked{alive: func() bool { return false }}
	p, r := parkedChecked(t, f)
	if r.TryGet() {
		t.Fatal("got a dead one")
	}
	if f.releases.Load() != 1 {
		t.Fatal("not released")
	}
	if st := p.Stats(); st.Gets != 1 || st.Allocations != 1 || st.Reuses != 0 || st.DeadOnCheck != 1 {
		t.Fatalf("%+v", st)
	}
	wantUsage(t, p, 0, 0, 0)
}

func TestReplacementOfADeadResourceFails(t *testing.T) {
	f := &checked{}
	p, r := parkedChecked(t, f)
	f.alive = func() bool { return false }
	f.allocate = func() error { return errFake }
	testkit.WantErr(t, "Get", r.Get(nil), errFake)
	if st := p.Stats(); st.Gets != 1 {
		t.Fatalf("%+v", st)
	}
	wantUsage(t, p, 0, 0, 0)
}

func TestPanicInAliveReleasesTheResource(t *testing.T) {
	get := map[string]func(r *Resource){
		"Get":    func(r *Resource) { r.Get(nil) },
		"TryGet": func(r *Resource) { r.TryGet() },
	}
	for name, get := range get {
		t.Run(name, func(t *testing.T) {
			f := &checked{alive: func() bool { panic("fake panic") }}
			p, r := parkedChecked(t, f)
			testkit.WantPanic(t, "fake panic", func() { get(r) })
			wantUsage(t, p, 0, 0, 0)
			f.alive = func() bool { runtime.Goexit(); return true }
			mustGet(t, r)
			r.Put()
			done := make(chan struct{})
			go func() { defer close(done); get(r) }()
			<-done
			wantUsage(t, p, 0, 0, 0)
			if f.releases.Load() != 2 {
				t.Fatalf("%d releases", f.releases.Load())
			}
			mustGet(t, r)
		})
	}
}

// A stranger may release what is in use. A Get that asked about what is gone
// then has nothing to replace, and the next user's must not be replaced for it.
func TestResourceReleasedWhileItIsCheckedIsGottenAnew(t *testing.T) {
	f := &checked{}
	p, r := parkedChecked(t, f)
	f.alive = func() bool {
		_ = r.Release()
		return false
	}
	testkit.WantErr(t, "Get", r.Get(nil), nil)
	if f.allocations.Load() != 2 || f.releases.Load() != 1 {
		t.Fatalf("%d allocations, %d releases", f.allocations.Load(), f.releases.Load())
	}
	f.check(t)
	wantUsage(t, p, 1, 0, 0)
}

func TestResourceOfAnotherIsNotGivenUpForAnEarlierDeath(t *testing.T) {
	f := &checked{}
	p, r := parkedChecked(t, f)
	f.alive = func() bool {
		_ = r.Release()
		mustGet(t, r) // another user
		return false
	}
	if r.TryGet() {
		t.Fatal("got what another has")
	}
	wantUsage(t, p, 1, 0, 0)
	r.Put()
	f.check(t)
}

func TestCheckerThatIsAbsentCostsNothing(t *testing.T) {
	p := New(1, "")
	r := hold(t, p)
	r.Put()
	if r.r.state.W.Load()&markChecked != 0 {
		t.Fatal("marked")
	}
	if !r.r.tryGet() { // the half that is inlined
		t.Fatal("left the fast path")
	}
}

func TestTryGetAloneGoesOnBeyondTheUsesField(t *testing.T) {
	p := New(1, "")
	r := hold(t, p)
	r.Put()
	const n = 40000
	for i := range n {
		if !r.TryGet() {
			t.Fatalf("the %d-th failed", i)
		}
		r.Put()
	}
	if st := p.Stats(); st.Gets != n+1 || st.Reuses != n {
		t.Fatalf("%+v", st)
	}
}
