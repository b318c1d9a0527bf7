package resourcepool

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/slotpool/slotpool/internal/testkit"
)

func (l *lines) limit(most int) *WaitLimit {
	limit := &WaitLimit{Max: most, Err: errFake}
	l.LimitWaiting(limit)
	return limit
}

// wantLimited checks how many a limit counts.
func wantLimited(t *testing.T, l *WaitLimit, n int64) {
	t.Helper()
	synctest.Wait()
	if l.waiting != n {
		t.Fatalf("%d are counted, want %d", l.waiting, n)
	}
}

func TestLimitRefusesOneMoreThatWaitsForASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		l, other := newLines(p, 0, 8), newLines(p, 0, 8)
		limit := l.limit(1)
		other.LimitWaiting(limit)
		r := l.get(t)
		wantLimited(t, limit, 0)
		x := startGroupGet(t.Context(), l.Group)
		x.wantWaiting(t)
		startGroupGet(t.Context(), l.Group).wantDone(t, errFake)
		startGroupGet(t.Context(), other.Group).wantDone(t, errFake)
		wantLimited(t, limit, 1)
		if n := p.p.slotWaiters.Load(); n != 1 {
			t.Fatalf("%d wait for a slot", n)
		}
		l.put(r)
		x.wantDone(t, nil)
		wantLimited(t, limit, 0)
		l.put(x.r)
		y := startGroupGet(t.Context(), other.Group) // evicts, and need not wait
		y.wantDone(t, nil)
		other.put(y.r)
		other.wantQuiet(t, 1)
	})
}

// What was said of a Get when it came was said for as long as it dialled.
func TestLimitDoesNotCountTheGetThatHasItsSlotByNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		l := newLines(p, 0, 0)
		limit := l.limit(1)
		held := hold(t, p)
		x := startGroupGet(t.Context(), l.Group)
		wantLimited(t, limit, 1)
		testkit.WantErr(t, "Release", held.Release(), nil)
		wantLimited(t, limit, 0)
		y := startGroupGet(t.Context(), l.Group)
		y.wantWaiting(t)
		wantLimited(t, limit, 1)
		l.made[0].end <- nil
		x.wantDone(t, nil)
		l.put(x.r)
		y.wantDone(t, nil)
		l.put(y.r)
		l.wantQuiet(t, 1)
	})
}

func TestLimitCountsTheGetAtTheCapThatSharesAnAllocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(8, ""), 1, 0)
		limit := l.limit(0)
		x := startGroupGet(t.Context(), l.Group)
		x.wantWaiting(t) // for its own allocation, which is no wait
		startGroupGet(t.Context(), l.Group).wantDone(t, errFake)
		ctx, cancel := context.WithCancel(t.Context())
		l.made[0].end <- nil
		x.wantDone(t, nil)
		x.r.ReleaseGeneration(x.r.Generation())
		startGroupGet(ctx, l.Group)
		cancel()
		synctest.Wait()
		y := startGroupGet(t.Context(), l.Group) // the allocation that was left alone is its own
		y.wantWaiting(t)
		wantLimited(t, limit, 0)
		l.made[0].end <- nil
		y.wantDone(t, nil)
		l.put(y.r)
		l.wantQuiet(t, 1)
	})
}

func TestRenewIsNotLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLines(New(1, ""), 0, 8)
		limit := l.limit(0)
		r := l.get(t)
		l.made[0].end = make(chan error)
		renewal := start(func() (err error) { r, err = l.Renew(context.Background(), r); return err })
		renewal.wantWaiting(t)
		wantLimited(t, limit, 0)
		l.made[0].end <- nil
		renewal.wantDone(t, nil)
		l.put(r)
		wantLimited(t, limit, 0)
		l.wantQuiet(t, 1)
	})
}

// wantCounted compares what a limit has counted with the Gets that wait.
func wantCounted(t *testing.T, p *Pool, limit *WaitLimit, groups []*Group) {
	t.Helper()
	p.p.waitLock.Lock()
	defer p.p.waitLock.Unlock()
	waiting := int64(0)
	for _, g := range groups {
		waiting += max(0, g.g.waiting.Load()-g.g.openings.running)
	}
	if waiting > int64(limit.Max) || limit.waiting != waiting {
		t.Errorf("%d wait, %d are counted", waiting, limit.waiting)
	}
}

// Gets that came at the same instant all found the one slot that was free, and
// waited for it uncounted.
func TestGetsAtTheSameInstantAreLimited(t *testing.T) {
	const users, most = 16, 3
	p := New(2, "")
	defer watchdog(p, testkit.StressTime(t))()
	limit := &WaitLimit{Max: most, Err: errFake}
	groups := []*Group{newStressLines(p), newStressLines(p)}
	for _, g := range groups {
		g.LimitWaiting(limit)
	}
	var served, refused atomic.Int64
	stress(t, testkit.StressTime(t), users, func(id int, over func() bool) {
		for g := groups[id%2]; !over(); {
			switch m, err := g.Get(context.Background()); err {
			case nil:
				if served.Add(1)%8 == 0 {
					runtime.Gosched() // on a busy machine each had its turn alone, and nobody was refused
				}
				g.Put(m, m.Generation())
			case errFake:
				refused.Add(1)
			default:
				t.Error(err)
			}
		}
	}, func(int) {
		wantCounted(t, p, limit, groups)
	})
	testkit.Eventually(t, "the allocations that went on without their Get have ended", func() bool {
		st := p.Stats()
		return st.InUse == 0 && st.Releasing == 0
	})
	p.p.waitLock.Lock()
	counted := limit.waiting
	p.p.waitLock.Unlock()
	if served.Load() == 0 || refused.Load() == 0 || counted != 0 {
		t.Fatalf("%d served, %d refused, %d counted", served.Load(), refused.Load(), counted)
	}
	wantUsage(t, p, 0, p.Stats().Idle, 0)
}

// With a slot for each user nobody waits, so nobody is refused. They release, as an
// allocation that a Put makes superfluous has a slot beside those of the users.
func TestLimitRefusesNobodyWithASlotEach(t *testing.T) {
	const users = 4
	p := New(users, "")
	g := newStressLines(p)
	g.LimitWaiting(&WaitLimit{Max: 0, Err: errFake})
	stress(t, testkit.StressTime(t), users, func(id int, over func() bool) {
		for !over() {
			m, err := g.Get(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			_ = m.Release()
		}
	}, func(int) {})
	wantUsage(t, p, 0, p.Stats().Idle, 0)
}
