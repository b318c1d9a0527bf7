package resourcepool

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestImmediateGetOfWhatIsReleasedForEverEnds as one beside such a Release does: what never
// ends might wait for this very Get.
func TestImmediateGetOfWhatIsReleasedForEverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		end := make(chan struct{})
		r := p.Create(&thing{release: func() error { <-end; return nil }})
		mustGet(t, r)
		r.Put()
		released := make(chan error, 1)
		go func() { released <- r.Release() }()
		synctest.Wait()
		x := startImmediateGet(r)
		x.wantWaiting(t)
		behind := startGet(r)
		time.Sleep(orphanPatience)
		x.wantDone(t, ErrorPutTimeout)
		behind.wantWaiting(t)
		close(end)
		behind.wantDone(t, nil)
		if err := <-released; err != nil {
			t.Error(err)
		}
		r.Put()
		wantUsage(t, p, 0, 1, 0)
	})
}
