package poolnames

import (
	"runtime"
	"slices"
	"testing"

	"github.com/slotpool/slotpool/resourcepool"
)

func labels(all []Labelled) (s []string) {
	for _, l := range all {
		s = append(s, l.Label+"<"+l.Parent)
	}
	return s
}

func TestPoolsOfOneNameDoNotCollide(t *testing.T) {
	var n Names
	a, b, c := resourcepool.New(1, "x"), resourcepool.New(1, "x"), resourcepool.New(1, "x#2")
	got := labels(n.Label(slices.Values([]*resourcepool.Pool{a, b, c, a, nil})))
	if want := []string{"x<", "x#2<", "x#2#2<"}; !slices.Equal(got, want) {
		t.Fatalf("labels %q, want %q", got, want)
	}
}

// A pool keeps its label when the one before it is gone, and a new one gets the
// label that is free.
func TestLabelStaysWhenOthersGo(t *testing.T) {
	var n Names
	second := resourcepool.New(1, "x")
	func() {
		first := resourcepool.New(1, "x")
		n.Label(slices.Values([]*resourcepool.Pool{first, second}))
		runtime.KeepAlive(first)
	}()
	runtime.GC()
	third := resourcepool.New(1, "x")
	got := labels(n.Label(slices.Values([]*resourcepool.Pool{second, third})))
	if want := []string{"x#2<", "x<"}; !slices.Equal(got, want) {
		t.Fatalf("labels %q, want %q", got, want)
	}
}

func TestParentIsTheNearestThatIsLabelled(t *testing.T) {
	var n Names
	root := resourcepool.New(8, "root")
	middle := root.Sub(4, "")
	leaf := middle.Sub(2, "leaf")
	alone := resourcepool.New(8, "").Sub(2, "alone")
	got := labels(n.Label(slices.Values([]*resourcepool.Pool{root, leaf, alone})))
	if want := []string{"root<", "leaf<root", "alone<"}; !slices.Equal(got, want) {
		t.Fatalf("labels %q, want %q", got, want)
	}
	got = labels(n.Label(slices.Values([]*resourcepool.Pool{root, middle, leaf})))
	if want := []string{"root<", "unnamed<root", "leaf<unnamed"}; !slices.Equal(got, want) {
		t.Fatalf("labels %q, want %q", got, want)
	}
}

func TestNamedAreThoseOfResourcepool(t *testing.T) {
	p, q := resourcepool.New(1, "TestNamed"), resourcepool.New(1, "")
	got := slices.Collect(Named)
	if !slices.Contains(got, p) || slices.Contains(got, q) {
		t.Fatalf("%v", got)
	}
	for range Named {
		break // it can be left early
	}
}
