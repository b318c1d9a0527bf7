package resourcepool

import (
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestSizes(t *testing.T) {
	if n := unsafe.Sizeof(Resource{}); n > 128 {
		t.Errorf("a Resource has %d bytes", n)
	}
	if at := unsafe.Offsetof(resource{}.state); at > 8 {
		t.Errorf("the state word is at byte %d, not beside the pool", at)
	}
}

func TestCreateAllocatesOneObject(t *testing.T) {
	p := New(10, "")
	f := &thing{}
	var r *Resource
	if n := testing.AllocsPerRun(100, func() { r = p.CreateKeyed(f, "127.0.0.1:1") }); n != 1 {
		t.Errorf("%v allocations a Create", n)
	}
	runtime.KeepAlive(r)
}

func TestEvictionAllocatesNothing(t *testing.T) {
	p := New(1, "")
	a, b := p.Create(nothing{}), p.Create(nothing{})
	if n := testing.AllocsPerRun(100, func() {
		mustGetQuick(t, a)
		a.Put()
		mustGetQuick(t, b)
		b.Put()
	}); n != 0 {
		t.Errorf("%v allocations a pair of evictions", n)
	}
}

func mustGetQuick(t *testing.T, r *Resource) {
	if err := r.Get(nil); err != nil {
		t.Fatal(err)
	}
}

type nothing struct{}

func (nothing) Allocate() error { return nil }
func (nothing) Release() error  { return nil }

// The field of uses is 23 bits and one for the overflow: start just short.
func TestUsesOverflowIntoTheTotals(t *testing.T) {
	p := New(1, "")
	r := hold(t, p)
	r.Put()
	const almost = usesOverflow - 3*oneUse
	r.r.state.W.Add(almost - oneUse)
	before := p.Stats().Gets
	if want := uint64(almost / oneUse); before != want {
		t.Fatalf("%d gets, want %d", before, want)
	}
	for range 10 {
		mustGet(t, r)
		r.Put()
	}
	if after := p.Stats().Gets; after != before+10 {
		t.Fatalf("%d gets, want %d", after, before+10)
	}
	w := r.r.state.W.Load()
	if n := usesOf(w); n < usesKept || n > usesKept+10 {
		t.Errorf("%d uses are left in the word: to eviction a hot resource looks like another", n)
	}
	if phaseOf(w) != phaseIdle || generationOf(w) != 1 {
		t.Fatalf("the overflow reached other fields: %x", w)
	}
}

func TestGenerationWrapsAround(t *testing.T) {
	p := New(1, "")
	r := p.Create(&thing{})
	r.r.state.W.Add(oneGeneration * (1<<32 - 2)) // two short of the wrap
	var seen []uint32
	for range 4 {
		mustGet(t, r)
		old := r.Generation()
		seen = append(seen, old)
		testkit.WantErr(t, "Release", r.Release(), nil)
		mustGet(t, r)
		r.PutGeneration(old)
		wantUsage(t, p, 1, 0, 0)
		r.Put()
		_ = r.Release()
	}
	if want := []uint32{1<<32 - 1, 1, 3, 5}; !slices.Equal(seen, want) {
		t.Fatalf("generations %v, want %v", seen, want)
	}
}

func TestStatsCountEachEvent(t *testing.T) {
	p := New(1, "")
	a := p.Create(&thing{})
	b := p.Create(&thing{allocate: func() error { return errFake }})
	mustGet(t, a)
	_ = a.Get(MakeImmediateCanceler()) // a cancelled wait
	a.Put()
	mustGet(t, a) // a reuse
	if err := a.Renew(&thing{}); err != nil {
		t.Fatal(err)
	}
	a.Put()
	_ = b.Get(nil) // an eviction and an allocation error
	want := Stats{Max: 1, Limit: 1, Gets: 2, Reuses: 0, Allocations: 2, AllocationErrors: 1,
		Evictions: 1, DeadOnCheck: 1, Waits: 1, CancelledWaits: 1}
	if got := p.Stats(); got != want {
		t.Fatalf("%+v\nwant %+v", got, want)
	}
	mustGet(t, a)
	a.Put()
	mustGet(t, a)
	_ = a.Renew(&thing{allocate: func() error { return errFake }})
	want.Gets, want.Allocations, want.Reuses = 3, 3, 0 // the Get that led to the failed Renew is none
	want.AllocationErrors, want.DeadOnCheck = 2, 2
	if got := p.Stats(); got != want {
		t.Fatalf("%+v\nwant %+v", got, want)
	}
}

func TestPoolsListsNamedPoolsInUse(t *testing.T) {
	names := func() (got []string) {
		for name, p := range Pools() {
			if p.Name() != name {
				t.Errorf("%q is named %q", name, p.Name())
			}
			got = append(got, name)
		}
		return got
	}
	unnamed, a := New(1, ""), New(1, "first")
	b := New(1, "second")
	if got := names(); !slices.Equal(got, []string{"first", "second"}) {
		t.Fatalf("%q", got)
	}
	for name := range Pools() {
		if name == "first" {
			break // stopping early is allowed
		}
	}
	runtime.KeepAlive(a)
	a = nil
	for range 10 {
		runtime.GC()
		if len(names()) == 1 {
			break
		}
	}
	if got := names(); !slices.Equal(got, []string{"second"}) {
		t.Fatalf("%q after the first was dropped", got)
	}
	runtime.KeepAlive(unnamed)
	runtime.KeepAlive(b)
}
