package resourcepool

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// Dials that take 2.5 s were ended after 2 s as no slot was free, though nobody wanted one.
func TestSlowDialsThatKeepNobodyWaitingAreNotEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(4, "") // a lane of one
		all := newHung(p, 4)
		var gets []*groupGetter
		for _, h := range all {
			gets = append(gets, startGroupGet(t.Context(), h.Group))
		}
		time.Sleep(2500 * time.Millisecond)
		for i, h := range all {
			if h.ended != 0 {
				t.Fatalf("the %dth was ended", i)
			}
			h.end <- nil
			gets[i].wantDone(t, nil)
			h.Put(gets[i].r, gets[i].r.Generation())
		}
	})
}

// With a slot left over that healthy ones evict each other from, nobody waits, but the dials of
// dead hosts are in their way.
func TestDialsOfDeadHostsAreInTheWayOfWhoHasToEvict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(8, "") // a lane of one
		ctx, cancel := context.WithCancel(t.Context())
		dead := newHung(p, 7)
		for _, h := range dead {
			startGroupGet(ctx, h.Group)
			time.Sleep(time.Millisecond) // so that a slot is free again before the next is looked at
		}
		x, y := p.Create(&thing{}), p.Create(&thing{})
		for range 20 {
			for _, r := range []*Resource{x, y} {
				mustGet(t, r)
				r.Put()
			}
			time.Sleep(overstaying / 2)
		}
		if !x.TryGet() || !y.TryGet() {
			t.Error("they still evict each other")
		}
		p.p.waitLock.Lock()
		left := p.p.lane.count
		p.p.waitLock.Unlock()
		if left < 2 {
			t.Error("more were ended than anybody had use for")
		}
		cancel()
		testkit.WantErr(t, "Close", p.Close(), nil)
		synctest.Wait()
		x.Put()
		y.Put()
	})
}
