package resourcepool

import (
	"testing"
	"testing/synctest"
)

// What nobody who uses the pool has asked for must not cost a user a refusal: with as many
// slots as users, an immediate Get waits for a Release that a peer's end, an age or a
// smaller size has begun.
func TestImmediateGetIsNotRefusedForAReleaseThatNobodyAskedFor(t *testing.T) {
	for name, release := range map[string]func(p *Pool, r *Resource){
		"ReleaseIdleGeneration": func(_ *Pool, r *Resource) { r.ReleaseIdleGeneration(r.Generation()) },
		"ScheduleGeneration":    func(_ *Pool, r *Resource) { r.ScheduleGeneration(r.Generation()) },
		"ReleaseIdle":           func(p *Pool, _ *Resource) { p.ReleaseIdle(1) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := New(1, "")
				end := make(chan struct{})
				r := p.Create(&thing{release: func() error { <-end; return nil }})
				mustGet(t, r)
				r.Put()
				go release(p, r)
				synctest.Wait()
				x := startImmediateGet(p.Create(&thing{}))
				x.wantWaiting(t)
				late := startGet(p.Create(&thing{})) // not immediate: leaves at once
				close(late.cancel)
				late.wantDone(t, ErrorResourceLimitExceeded)
				close(end)
				x.wantDone(t, nil)
			})
		})
	}
}

// A Release may use the pool, also for a Get that will not wait: which must not wait for the
// Release that it is part of.
func TestImmediateGetWithinAReleaseThatNobodyAskedForEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		other := p.Create(&thing{})
		var err error
		r := p.Create(&thing{release: func() error {
			err = other.Get(MakeImmediateCanceler())
			return nil
		}})
		mustGet(t, r)
		r.Put()
		if p.ReleaseIdle(1) != 1 || err != ErrorResourceLimitExceeded {
			t.Fatal(err)
		}
		wantUsage(t, p, 0, 0, 0)
	})
}
