package resourcepool

import (
	"context"
	"testing"
	"testing/synctest"
)

// In an overload those who have been cancelled wait long for a processor. A slot
// that is granted to one of them is idle until then.
func TestSlotIsNotGrantedToWhoHasBeenCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		hold(t, p)
		cancelled, patient := startGet(p.Create(&thing{})), startGet(p.Create(&thing{}))
		p.p.waitLock.Lock() // so that the cancelled one cannot say so
		close(cancelled.cancel)
		p.p.resize(2)
		if p.p.slotQueue.oldest == nil || p.p.slotQueue.oldest.resource != &cancelled.r.r {
			t.Error("the cancelled one was granted")
		}
		p.p.waitLock.Unlock()
		patient.wantDone(t, nil)
		cancelled.wantDone(t, ErrorResourceLimitExceeded)
		wantUsage(t, p, 2, 0, 0)
	})
}

func TestResourceIsNotHandedToWhoHasBeenCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		r := hold(t, p)
		cancelled, patient := startGet(r), startGet(r)
		p.p.waitLock.Lock()
		close(cancelled.cancel)
		next, _, done := r.r.passOn(r.r.state.W.Load())
		if !done || next.queue != nil || r.r.waiters.oldest == nil {
			t.Error("the cancelled one has it")
		}
		p.p.waitLock.Unlock()
		next.wake()
		patient.wantDone(t, nil)
		cancelled.wantDone(t, ErrorPutTimeout)
		wantUsage(t, p, 1, 0, 0)
	})
}

// If all have been cancelled, or do not sleep yet, the oldest is granted.
func TestGrantGoesToTheOldestIfNobodySleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		held := hold(t, p)
		first, second := queueForSlot(t, p.Create(&thing{})), queueForSlot(t, p.Create(&thing{}))
		held.Put()
		wantGrant(t, first, grantVictim)
		first.resource.await(first, nil, first.resource.target)
		first.resource.put()
		wantGrant(t, second, grantVictim)
		second.resource.await(second, nil, second.resource.target)

		x, y := startGet(p.Create(&thing{})), startGet(p.Create(&thing{}))
		p.p.waitLock.Lock()
		close(x.cancel)
		close(y.cancel)
		p.p.resize(2)
		p.p.waitLock.Unlock()
		x.wantDone(t, ErrorResourceLimitExceeded)
		y.wantDone(t, ErrorResourceLimitExceeded)
		wantUsage(t, p, 1, 0, 0)
	})
}

// An Acquire is woken for parts of what it wants: it must not be taken for granted.
func TestAcquireBesideCancelledGetsIsServedInItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(2, "")
		hold(t, p)
		hold(t, p)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		cancelled := startGet(p.Create(&thing{}))
		x := start(func() error { return p.Acquire(ctx, 2) })
		p.p.waitLock.Lock()
		close(cancelled.cancel)
		p.p.resize(3)
		p.p.waitLock.Unlock()
		x.wantWaiting(t)
		p.SetMax(4)
		x.wantDone(t, nil)
		cancelled.wantDone(t, ErrorResourceLimitExceeded)
		wantUsage(t, p, 4, 0, 0)
	})
}
