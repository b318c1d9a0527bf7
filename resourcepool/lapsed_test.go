package resourcepool

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// A Get whose context has ended, but which has had no processor yet to say so, is
// passed over: the slot goes to the next that still wants it. Nobody runs this
// waiter's Get here, so it never says so.
func TestGrantPassesOverContextThatHasEnded(t *testing.T) {
	p := New(1, "")
	holder := p.Create(nothing{})
	mustGet(t, holder)
	ctx, cancel := context.WithCancel(context.Background())
	gone := asleep(p, ctx)
	wanting := asleep(p, t.Context())
	cancel()
	holder.Put()
	if wanting.queue != nil || wanting.grant.kind == grantRefused {
		t.Error("the one who still wants it was not served")
	}
	if gone.queue == nil {
		t.Error("the one whose context has ended was served")
	}
	// All that are left have ended: the oldest is served, and declines.
	wanting.resource.declineGrant(wanting)
	if gone.queue != nil {
		t.Fatal("the slot lies idle though somebody waits")
	}
	err, over := gone.resource.cancelWait(gone, nil)
	if !over || !errors.Is(err, ErrorResourceLimitExceeded) {
		t.Errorf("%v, over %v", err, over)
	}
	wantUsage(t, p, 0, 1, 0)
}

// asleep is a Get for a slot, of a resource of its own, that sleeps.
func asleep(p *Pool, ctx context.Context) *waiter {
	r := &p.Create(nothing{}).r
	r.state.W.Store(inPhase(r.state.W.Load(), phaseSeeking) | markListed)
	w := r.enqueueForSlot(&withContext{ctx: ctx, a: r.target})
	w.sleeps.Store(true)
	return w
}

// What a WaitError shows is the pool as it was when the wait ended, without a second
// look.
func TestWaitErrorShowsThePoolAsTheWaitEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		holder, other := p.Create(nothing{}), p.Create(nothing{})
		mustGet(t, holder)
		ctx, cancel := context.WithCancel(context.Background())
		failed := make(chan error)
		go func() { failed <- other.GetContext(ctx) }()
		synctest.Wait()
		cancel()
		err := <-failed
		wait, ok := errors.AsType[*WaitError](err)
		if !ok || wait.Max != 1 || wait.Taken != 1 || wait.Waiting != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("%#v", err)
		}
		holder.Put()
	})
}
