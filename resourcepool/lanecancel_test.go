package resourcepool

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// laneWith returns a pool of 8 slots, whose lane of one is taken for a second by a dead resource,
// and another suspect, whose Allocate would succeed by now.
func laneWith(t *testing.T) (p *Pool, dying *getter, healed *Resource) {
	t.Helper()
	p = New(8, "")
	down, alive := dead(t, p, 2)
	dying = startGet(down[0])
	wantLane(t, p, 1)
	alive()
	return p, dying, down[1]
}

// A Get on the lane was refused when its canceler spoke, though 7 of 8 slots were free: without a
// lane it would have had one of them when it came.
func TestGetOnTheLaneIsNotRefusedAFreeSlotWhenItsCancelerSpeaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, dying, healed := laneWith(t)
		for _, speak := range []func(chan struct{}){
			func(c chan struct{}) { close(c) },
			func(c chan struct{}) { c <- struct{}{} },
		} {
			x := startGet(healed)
			x.wantWaiting(t)
			speak(x.cancel)
			x.wantDone(t, nil)
			testkit.WantErr(t, "Release", healed.Release(), nil)
			healed.r.state.W.Or(markSuspect)
		}
		time.Sleep(time.Second)
		dying.wantDone(t, errFake)
		wantLane(t, p, 0)
		wantUsage(t, p, 0, 0, 0)
	})
}

// It evicts nobody and passes nobody: with none free it is refused, and nothing is lost.
func TestGetOnTheLaneEvictsNobodyWhenItsCancelerSpeaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, dying, healed := laneWith(t)
		healthy := parked(t, p, 7, plainThing)
		x := startGet(healed)
		close(x.cancel)
		x.wantDone(t, ErrorResourceLimitExceeded)
		for _, r := range healthy {
			if !r.TryGet() {
				t.Fatal("a healthy one was evicted")
			}
		}
		older := startGet(p.Create(&thing{}))
		x = startGet(healed)
		close(x.cancel)
		x.wantDone(t, ErrorResourceLimitExceeded)
		testkit.WantErr(t, "Release", healthy[0].Release(), nil)
		older.wantDone(t, nil)
		time.Sleep(time.Second)
		dying.wantDone(t, errFake)
		wantLane(t, p, 0)
		wantUsage(t, p, 7, 0, 0)
	})
}

// A slot of each level is free, or it is refused and those that it found are free again.
func TestGetOnTheLaneOfASubPoolWhenItsCancelerSpeaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		top := New(3, "")
		sub := top.Sub(2, "")
		down, alive := dead(t, sub, 2)
		dying := startGet(down[0])
		alive()
		hold(t, top)
		x := startGet(down[1])
		x.wantWaiting(t)
		close(x.cancel)
		x.wantDone(t, nil)
		testkit.WantErr(t, "Release", down[1].Release(), nil)
		down[1].r.state.W.Or(markSuspect)
		hold(t, top) // the last of the top
		x = startGet(down[1])
		close(x.cancel)
		x.wantDone(t, ErrorResourceLimitExceeded)
		if st := sub.Stats(); st.InUse != 1 || sub.p.free.Free() != 1 {
			t.Fatalf("%+v, %d free", st, sub.p.free.Free())
		}
		time.Sleep(time.Second)
		dying.wantDone(t, errFake)
		wantLane(t, sub, 0)
		wantUsage(t, top, 2, 0, 0)
	})
}

// A context ends the whole Get, its Allocate too, so that a slot is of no use any more.
func TestContextEndsAGetOnTheLaneThoughASlotIsFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, dying, healed := laneWith(t)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := healed.GetContext(ctx); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrorResourceLimitExceeded) {
			t.Fatalf("%v", err)
		}
		time.Sleep(time.Second)
		dying.wantDone(t, errFake)
		wantLane(t, p, 0)
		wantUsage(t, p, 0, 0, 0)
	})
}
