package resourcepool

import (
	"testing"
	"testing/synctest"
)

func TestShortageIsRelievedByWhoCanGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		sub := p.Sub(1, "")
		lent := sub.Create(&thing{})
		calls := 0
		stop := sub.OnShortage(func() {
			calls++
			if sub.SlotWaiters() != 1 {
				t.Errorf("%d wait", sub.SlotWaiters())
			}
			_ = lent.Release()
		})
		mustGet(t, lent)
		x := startGet(p.Create(&thing{}))
		x.wantDone(t, nil)
		if calls != 1 || sub.SlotWaiters() != 0 {
			t.Fatalf("%d calls, %d wait", calls, sub.SlotWaiters())
		}
		stop()
		y := startGet(p.Create(&thing{}))
		y.wantWaiting(t)
		x.r.Put()
		y.wantDone(t, nil)
		if calls != 1 {
			t.Fatalf("%d calls", calls)
		}
	})
}

// Who comes while the relief ends must not be forgotten.
func TestShortageDuringReliefCallsItAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		held := hold(t, p)
		calls, proceed := 0, make(chan struct{})
		defer p.OnShortage(func() { calls++; <-proceed })()
		x := startGet(p.Create(&thing{}))
		close(x.cancel)
		synctest.Wait()
		y := startGet(p.Create(&thing{}))
		close(proceed)
		synctest.Wait()
		if calls != 2 {
			t.Fatalf("%d calls", calls)
		}
		held.Put()
		y.wantDone(t, nil)
	})
}

// A pool that has more in use than it may counts as one in slotWaiters, for its Puts.
func TestDebtIsNobodyWhoWaits(t *testing.T) {
	p := New(2, "")
	sub := p.Sub(2, "")
	a, b := p.Create(&thing{}), sub.Create(&thing{})
	mustGet(t, a)
	mustGet(t, b)
	p.SetMax(1)
	sub.SetMax(0)
	if p.p.slotWaiters.Load() != 1 || sub.p.slotWaiters.Load() != 2 {
		t.Fatalf("%d and %d", p.p.slotWaiters.Load(), sub.p.slotWaiters.Load())
	}
	if p.SlotWaiters() != 0 || sub.SlotWaiters() != 0 {
		t.Errorf("%d and %d wait", p.SlotWaiters(), sub.SlotWaiters())
	}
}
