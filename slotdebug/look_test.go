package slotdebug

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// Who looks again gets only what is new; who comes later gets what others saw, as
// far back as the curves go.
func TestSamplesAreKeptBetweenLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := resourcepool.New(2, "a")
		h := &Handler{Pools: []*resourcepool.Pool{p}}
		first := h.look(0)
		held := testpool.Get(t, p)
		time.Sleep(time.Second)
		second := h.look(first.Now)
		if s := second.Pools[0].Samples; len(s) != 1 || s[0].InUse != 1 {
			t.Errorf("news: %+v", s)
		}
		held.Put()
		time.Sleep(fresh / 2)
		if s := h.look(0).Pools[0].Samples; len(s) != 2 || s[0].InUse != 0 || s[1].InUse != 1 {
			t.Errorf("for another who looks soon: %+v", s)
		}
		time.Sleep(remembered)
		if s := h.look(0).Pools[0].Samples; len(s) != 1 || s[0].Idle != 1 {
			t.Errorf("after all of it is old: %+v", s)
		}
	})
}

// However many look, and however often, what is remembered has a bound.
func TestSamplesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &Handler{Pools: []*resourcepool.Pool{resourcepool.New(2, "a")}}
		for range 3000 {
			h.look(0)
			time.Sleep(fresh / 2)
		}
		if n := len(h.looks.samples["a"]); n > int(remembered/fresh)+1 {
			t.Errorf("%d samples", n)
		}
		h.Pools = []*resourcepool.Pool{}
		time.Sleep(fresh)
		if v := h.look(0); len(v.Pools) != 0 || len(h.looks.samples) != 0 {
			t.Errorf("%+v, %+v", v, h.looks.samples)
		}
	})
}

func TestHistogramLosesItsEmptyEnds(t *testing.T) {
	var of resourcepool.Histogram
	if h := newHistogram(&of); h.Count != 0 || len(h.Buckets) != 0 {
		t.Errorf("%+v", h)
	}
	of.Buckets[2], of.Buckets[4], of.Sum = 1, 3, 40*time.Microsecond
	h := newHistogram(&of)
	want := []bucket{{4e-6, 1}, {8e-6, 0}, {16e-6, 3}}
	if h.Count != 4 || h.Mean != 10e-6 || h.P50 != 16e-6 || len(h.Buckets) != 3 || h.Buckets[0] != want[0] || h.Buckets[1] != want[1] || h.Buckets[2] != want[2] {
		t.Errorf("%+v", h)
	}
}

// Looks that take long leave nine tenths of the time to others.
func TestSlowLooksRest(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{0: fresh, time.Millisecond: fresh, time.Second: 10 * time.Second} {
		if got := restAfter(took); got != want {
			t.Errorf("after a look of %v: %v, want %v", took, got, want)
		}
	}
}
