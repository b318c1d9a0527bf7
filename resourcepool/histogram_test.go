package resourcepool

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestHistogramBuckets(t *testing.T) {
	var h histogram
	for _, c := range []struct {
		d      time.Duration
		bucket int
	}{
		{-1, 0}, {0, 0}, {999, 0}, {time.Microsecond, 1}, {2*time.Microsecond - 1, 1}, {2 * time.Microsecond, 2},
		{time.Second, 20}, {HistogramBound(30), 31}, {1 << 62, 31},
	} {
		var before, after Histogram
		h.addTo(&before)
		h.observe(c.d)
		h.addTo(&after)
		if after.Buckets[c.bucket] != before.Buckets[c.bucket]+1 {
			t.Errorf("%v is not in bucket %d: %v", c.d, c.bucket, after.Buckets)
		}
		if c.d >= 0 && c.bucket < HistogramBuckets-1 && c.d >= HistogramBound(c.bucket) {
			t.Errorf("%v is not below the bound of its bucket, %v", c.d, HistogramBound(c.bucket))
		}
	}
}

func TestQuantileIsTheBoundOfItsBucket(t *testing.T) {
	var h Histogram
	h.Buckets[3], h.Buckets[10] = 99, 1
	if h.Count() != 100 || h.Quantile(0.5) != 8*time.Microsecond || h.Quantile(0.99) != 1024*time.Microsecond {
		t.Fatal(h.Count(), h.Quantile(0.5), h.Quantile(0.99))
	}
}

// Waits are counted by what was waited for, also those that were cancelled.
func TestWaitsAreTimedByTheirKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		a, b := p.Create(&thing{}), p.Create(&thing{})
		mustGet(t, a)
		forSlot, forUser := startGet(b), startGet(a)
		time.Sleep(3 * time.Millisecond)
		close(forSlot.cancel)
		synctest.Wait()
		a.Put()
		forUser.wantDone(t, nil)
		forSlot.wantDone(t, ErrorResourceLimitExceeded)
		times := p.Times()
		if times.SlotWait.Count() != 1 || times.ResourceWait.Count() != 1 || times.SlotWait.Sum != 3*time.Millisecond {
			t.Fatalf("%+v", times)
		}
	})
}
