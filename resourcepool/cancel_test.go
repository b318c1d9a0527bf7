package resourcepool

import (
	"testing"
	"testing/synctest"

	"github.com/slotpool/slotpool/internal/testkit"
)

// Each test here plays one interleaving of a cancel with a grant exactly: the
// waiter is queued by hand, granted by a Put or Release, and then cancelled,
// as happens when the canceler speaks just before the grant arrives.

// queueFor does what a Get of busy resource r does before it parks.
func queueFor(r *Resource) *waiter { return r.r.enqueue(r.r.target) }

// queueForSlot does what a Get of empty resource r does before it parks.
func queueForSlot(t *testing.T, r *Resource) *waiter {
	t.Helper()
	if !r.r.state.move(phaseEmpty, phaseSeeking, 0) {
		t.Fatal("not empty")
	}
	return r.r.enqueueForSlot(r.r.target)
}

// slotWait is a pool of one slot, which held has got with f in it, and for which
// a Get of a waits.
func slotWait(t *testing.T, f *thing) (p *Pool, held, a *Resource, w *waiter) {
	t.Helper()
	p = New(1, "")
	held, a = p.Create(f), p.Create(&thing{})
	mustGet(t, held)
	return p, held, a, queueForSlot(t, a)
}

// userWait is a pool with a resource that a user has and another Get waits for.
func userWait(t *testing.T, slots uint) (p *Pool, r *Resource, w *waiter) {
	t.Helper()
	p = New(slots, "")
	r = p.Create(&thing{})
	mustGet(t, r)
	return p, r, queueFor(r)
}

func wantGrant(t *testing.T, w *waiter, kind grantKind) {
	t.Helper()
	if len(w.ready) != 1 || w.grant.kind != kind || w.queue != nil {
		t.Fatalf("granted %v with %v, want %v", len(w.ready) == 1, w.grant.kind, kind)
	}
}

func wantCancelled(t *testing.T, r *Resource, w *waiter, want error) {
	t.Helper()
	err, over := r.r.cancelWait(w, nil)
	if !over {
		t.Fatal("the cancelled Get waits on")
	}
	testkit.WantErr(t, "cancelled Get", err, want)
}

func TestCancelAfterHandOverPassesItToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, r, w := userWait(t, 1)
		next := startGet(r)
		r.Put()
		wantGrant(t, w, grantHeld)
		wantCancelled(t, r, w, ErrorPutTimeout)
		next.wantDone(t, nil)
		r.Put()
		wantUsage(t, p, 0, 1, 0)
		if st := p.Stats(); st.Gets != 2 || st.Reuses != 1 {
			t.Fatalf("%+v", st)
		}
	})
}

func TestCancelAfterHandOverParksIt(t *testing.T) {
	p, r, w := userWait(t, 1)
	r.Put()
	wantGrant(t, w, grantHeld)
	wantCancelled(t, r, w, ErrorPutTimeout)
	wantUsage(t, p, 0, 1, 0)
}

func TestCancelAfterHandOverAndReleaseTouchesNobody(t *testing.T) {
	p, r, w := userWait(t, 1)
	r.Put()
	wantGrant(t, w, grantHeld)
	testkit.WantErr(t, "Release", r.Release(), nil) // somebody else's, of what the waiter was granted
	mustGet(t, r)
	wantCancelled(t, r, w, ErrorPutTimeout)
	wantUsage(t, p, 1, 0, 0) // the next user still has it
}

func TestCancelAfterVictimGrantPassesItOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, held, a, w := slotWait(t, &thing{})
		next := startGet(p.Create(&thing{}))
		held.Put()
		wantGrant(t, w, grantVictim)
		wantCancelled(t, a, w, ErrorResourceLimitExceeded)
		next.wantDone(t, nil)
		wantUsage(t, p, 1, 0, 0)
	})
}

func TestCancelAfterVictimGrantSparesTheVictim(t *testing.T) {
	f := &thing{}
	p, held, a, w := slotWait(t, f)
	held.Put()
	wantGrant(t, w, grantVictim)
	wantCancelled(t, a, w, ErrorResourceLimitExceeded)
	wantUsage(t, p, 0, 1, 0)
	mustGet(t, held)
	if f.releases.Load() != 0 {
		t.Fatal("the victim was released for a Get that was cancelled")
	}
	held.Put()
	mustGet(t, a) // and can still be evicted
	wantUsage(t, p, 1, 0, 0)
}

func TestCancelAfterVictimGrantHandsTheVictimToItsWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, held, a, w := slotWait(t, &thing{})
		held.Put()
		again := startGet(held) // finds it releasing
		wantGrant(t, w, grantVictim)
		wantCancelled(t, a, w, ErrorResourceLimitExceeded)
		again.wantDone(t, nil)
		wantUsage(t, p, 1, 0, 0)
	})
}

func TestCancelAfterVictimGrantHonoursAScheduledRelease(t *testing.T) {
	f := &thing{}
	p, held, a, w := slotWait(t, f)
	held.Put()
	wantGrant(t, w, grantVictim)
	testkit.WantErr(t, "ScheduleRelease", held.ScheduleRelease(), nil)
	wantCancelled(t, a, w, ErrorResourceLimitExceeded)
	if f.releases.Load() != 1 {
		t.Fatal("a victim that was scheduled for release was parked again")
	}
	wantUsage(t, p, 0, 0, 0)
}

func TestCancelAfterSlotGrantFreesTheSlot(t *testing.T) {
	p, held, a, w := slotWait(t, &thing{})
	testkit.WantErr(t, "Release", held.Release(), nil)
	wantGrant(t, w, grantSlot)
	wantCancelled(t, a, w, ErrorResourceLimitExceeded)
	wantUsage(t, p, 0, 0, 0)
}

func TestCancelAfterSlotGrantPassesItOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, held, a, w := slotWait(t, &thing{})
		sameResource := startGet(a)
		testkit.WantErr(t, "Release", held.Release(), nil)
		wantGrant(t, w, grantSlot)
		wantCancelled(t, a, w, ErrorResourceLimitExceeded)
		sameResource.wantDone(t, nil)
		wantUsage(t, p, 1, 0, 0)
	})
}

// A Get that waits for another user, is cancelled, and is granted a slot the
// moment that user releases, has never waited for a slot.
func TestCancelAfterPromotionWithSlotsFreeDoesNotBlameThem(t *testing.T) {
	p, r, w := userWait(t, 64)
	testkit.WantErr(t, "Release", r.Release(), nil)
	wantGrant(t, w, grantSlot)
	wantCancelled(t, r, w, ErrorPutTimeout)
	wantUsage(t, p, 0, 0, 0)
}

// One that was promoted and then found no slot has waited for one.
func TestCancelAfterPromotionAndWaitBlamesTheSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		r, other := p.Create(&thing{}), p.Create(&thing{})
		mustGet(t, r)
		older := startGet(other)
		older.wantWaiting(t)
		w := queueFor(r)
		testkit.WantErr(t, "Release", r.Release(), nil)
		older.wantDone(t, nil)
		other.Put()
		wantGrant(t, w, grantVictim)
		wantCancelled(t, r, w, ErrorResourceLimitExceeded)
		wantUsage(t, p, 0, 1, 0)
	})
}

func TestWaiterQueuedAfterTheLastLookIsServed(t *testing.T) {
	p := New(2, "")
	a, b := p.Create(&thing{}), p.Create(&thing{})
	// b is seeking, saw no free slot, and is about to queue when all slots
	// are free again and nobody will put or release any more.
	w := queueForSlot(t, b)
	wantGrant(t, w, grantSlot)
	if err := b.r.await(w, nil, b.r.target); err != nil {
		t.Fatal(err)
	}
	mustGet(t, a)
	wantUsage(t, p, 2, 0, 0)
}

func TestGetDoesNotQueueOnAResourceThatWasJustPut(t *testing.T) {
	p := New(1, "")
	r := hold(t, p)
	r.Put()
	if queueFor(r) != nil {
		t.Fatal("queued on an idle resource: nobody would wake it")
	}
	if r.r.state.W.Load()&markWaiters != 0 {
		t.Fatal("marked as waited for")
	}
}

// A resource that is being released has no user to wait for; so the first Get
// that comes for it, even with an immediate canceler, is refused only if there
// is no slot once the release is over.
func TestCancelDuringReleaseIsDecidedWhenTheReleaseEnds(t *testing.T) {
	for _, free := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			p := New(1, "")
			finish := make(chan struct{})
			r := p.Create(&thing{release: func() error { <-finish; return nil }})
			mustGet(t, r)
			r.Put()
			evictor := startGet(p.Create(&thing{allocate: func() error {
				if free {
					return errFake
				}
				return nil
			}}))
			canceled := startImmediateGet(r)
			canceled.wantWaiting(t)
			behind := startImmediateGet(r) // waits behind it, as for a resource in use
			behind.wantDone(t, ErrorPutTimeout)
			close(finish)
			if free { // the evictor may take and fail sooner or later than the decision
				evictor.wantDone(t, errFake)
				if !canceled.done.Load() {
					t.Fatal("still waiting")
				}
			} else {
				evictor.wantDone(t, nil)
				canceled.wantDone(t, ErrorResourceLimitExceeded)
			}
			_ = r.Release()
			_ = evictor.r.Release()
			wantUsage(t, p, 0, 0, 0)
		})
	}
}

func TestCancelDuringReleaseIsServedIfThereIsASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(2, "")
		finish := make(chan struct{})
		r := p.Create(&thing{release: func() error { <-finish; return nil }})
		mustGet(t, r)
		go r.Release()
		synctest.Wait()
		g := startImmediateGet(r)
		g.wantWaiting(t)
		behind := startGet(r)
		close(finish)
		g.wantDone(t, nil)
		behind.wantWaiting(t)
		r.Put()
		behind.wantDone(t, nil)
		wantUsage(t, p, 1, 0, 0)
	})
}

func TestHeirBehindARefusedOneInherits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		finish := make(chan struct{})
		r, other := p.Create(&thing{release: func() error { <-finish; return nil }}), p.Create(&thing{})
		mustGet(t, r)
		r.Put()
		evictor := startGet(other)
		refused := startImmediateGet(r)
		behind := startGet(r)
		close(finish)
		evictor.wantDone(t, nil)
		refused.wantDone(t, ErrorResourceLimitExceeded)
		behind.wantWaiting(t)
		other.Put()
		behind.wantDone(t, nil)
		wantUsage(t, p, 1, 0, 0)
	})
}
