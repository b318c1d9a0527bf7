package resourcepool

import "testing"

// What Gets count must not fall when a use counter overflows into the totals
// while residents move between the lists that Stats visits.
func TestTotalsNeverGoBackwards(t *testing.T) {
	p := New(8, "")
	var rs []*Resource
	for range 24 {
		rs = append(rs, p.Create(nothing{}))
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 200_000 {
			at := i % len(rs)
			r := rs[at*at%len(rs)]
			if i%3 != 0 {
				r = rs[0]
			}
			if r.Get(nil) != nil {
				panic("get")
			}
			r.Put()
		}
	}()
	var last Stats
	for over := false; !over; {
		select {
		case <-done:
			over = true
		default:
		}
		st := p.Stats()
		if st.Gets < last.Gets || st.Reuses < last.Reuses || st.Allocations < last.Allocations ||
			st.Evictions < last.Evictions || st.InUse+st.Idle+st.Releasing > st.Max {
			t.Fatalf("%+v\nafter %+v", st, last)
		}
		last = st
	}
	if last.Gets != 200_000 || last.Gets != last.Reuses+last.Allocations {
		t.Errorf("%+v", last)
	}
}
