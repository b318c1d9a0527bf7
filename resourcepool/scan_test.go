package resourcepool

import (
	"math"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/trace"
)

// Back-and-forth scans are what remembering the evicted is worst at. The
// reference is the dials of the rule of commit 245efa5, which remembers nothing.
//
// Near 1.2 times the slots the dials of both rules jump by half from one number of
// addresses to the next, so each case is the sum of four numbers near each other.
func TestDialsOfBackAndForthScans(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	cases := []struct {
		addresses, lists, before int
	}{
		{1050, 1, 68719}, {1050, 4, 78313},
		{1200, 1, 255073}, {1200, 4, 334046},
		{1500, 1, 585192}, {1500, 4, 617054},
		{2000, 1, 616954}, {2000, 4, 628936},
		{4000, 1, 927706}, {4000, 4, 928621},
	}
	product := 1.0
	for _, c := range cases {
		dials := 0
		for _, percent := range []int{-3, -1, 1, 3} {
			dials += backAndForth(t, c.addresses+c.addresses*percent/100, c.lists)
		}
		ratio := float64(dials) / float64(c.before)
		t.Logf("%d addresses, %d lists: %d dials, %.3f of before", c.addresses, c.lists, dials, ratio)
		if ratio > 1.10 {
			t.Errorf("%d addresses, %d lists: %d dials, before %d", c.addresses, c.lists, dials, c.before)
		}
		product *= ratio
	}
	if mean := math.Pow(product, 1/float64(len(cases))); mean > 1.00 {
		t.Errorf("%.3f of the dials of before in the mean", mean)
	}
}

// backAndForth returns the dials of a scan over so many addresses and back again, and again,
// with 1000 slots.
func backAndForth(t *testing.T, addresses, lists int) int {
	const slots, steps = 1000, 300_000
	scan := trace.Trace{Slots: slots, Addresses: addresses, Users: 1}
	for i := range steps {
		a := i % (2*addresses - 2)
		scan.Steps = append(scan.Steps, trace.Step{Address: uint32(min(a, 2*addresses-2-a))})
	}
	p := newPool(slots, "", lists, lists)
	p.p.clock = func() time.Duration { return 0 }
	dials, err := trace.PoolDials(&scan, func(target trace.Target, key string) trace.Resource {
		return p.CreateKeyed(target, key)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dials
}
