package resourcepool

import (
	"testing"
	"testing/synctest"

	"github.com/slotpool/slotpool/internal/evict"
	"github.com/slotpool/slotpool/internal/testkit"
)

func TestUsesNeverReachTheGeneration(t *testing.T) {
	p := New(1, "")
	r := p.Create(nothing{})
	mustGet(t, r)
	r.Put()
	for range 3 << 15 {
		mustGet(t, r)
		r.Put()
	}
	if r.Generation() != 1 || p.Stats().Gets != 3<<15+1 {
		t.Fatal(r.Generation(), p.Stats())
	}
}

func TestReleaseAskedForBeforeOrDuringRenewIsDone(t *testing.T) {
	p := New(1, "")
	f := &thing{}
	r := p.Create(f)
	for _, during := range []bool{false, true} {
		mustGet(t, r)
		f.release = nil
		if during {
			f.release = r.ScheduleRelease
		} else if err := r.ScheduleRelease(); err != nil {
			t.Fatal(err)
		}
		if err := r.Renew(f); err != nil {
			t.Fatal(err)
		}
		r.Put()
		wantUsage(t, p, 0, 1, 0)
	}
}

func TestMarksEndWithTheResidencyAlsoForAnHeir(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		in, out := make(chan int), make(chan int)
		f := &thing{release: func() error { in <- 0; <-out; return nil }}
		r := p.Create(f)
		mustGet(t, r)
		go r.Release()
		<-in
		got := make(chan error)
		go func() { got <- r.Get(nil) }()
		synctest.Wait()
		_ = r.ScheduleRelease()
		f.release = nil
		close(out)
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		r.Put()
		wantUsage(t, p, 0, 1, 0)
	})
}

func TestNewcomerDoesNotTakeWhatAWaiterIsAboutToGet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		a, b, c := p.Create(nothing{}), p.Create(nothing{}), p.Create(nothing{})
		mustGet(t, a)
		got := make(chan error)
		go func() { got <- b.Get(nil) }()
		synctest.Wait()
		p.p.free.Release(0) // the first half of freeSlot
		testkit.WantErr(t, "newcomer's Get", c.Get(MakeImmediateCanceler()), ErrorResourceLimitExceeded)
		p.p.waitLock.Lock()
		p.p.match()
		p.p.waitLock.Unlock()
		<-got
		b.Put()
		a.Put()
	})
}

func TestUnclaimedVictim(t *testing.T) {
	for name, ask := range map[string]func(r *Resource){
		"nothing":           nil,
		"Release":           func(r *Resource) { _ = r.Release() },
		"ScheduleRelease":   func(r *Resource) { _ = r.ScheduleRelease() },
		"ReleaseGeneration": func(r *Resource) { _, _ = r.ReleaseGeneration(r.Generation()) },
	} {
		t.Run(name, func(t *testing.T) {
			p := New(1, "")
			f := &thing{}
			v, x := p.Create(f), p.Create(nothing{})
			mustGet(t, v)
			v.Put()
			if p.p.claimVictim(&x.r) != &v.r {
				t.Fatal("not claimed")
			}
			if ask != nil {
				ask(v)
			}
			v.r.unclaim()
			if ask != nil {
				wantUsage(t, p, 0, 0, 0)
			} else {
				wantUsage(t, p, 0, 1, 0)
			}
			mustGet(t, x) // evicts v if it is idle: it must be found
			if f.releases.Load() != 1 {
				t.Error("not released once")
			}
			x.Put()
		})
	}
}

func TestLatePutGenerationHandsNothingOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		r := p.Create(nothing{})
		mustGet(t, r)
		stale := r.r.state.W.Load() | markWaiters // what a PutGeneration may have read before it was held up
		_ = r.Release()
		mustGet(t, r) // generation 2 is ours
		got := make(chan error, 1)
		go func() { got <- r.Get(nil) }()
		synctest.Wait()
		r.r.yield(stale)
		synctest.Wait()
		select {
		case <-got:
			t.Error("handed over under its holder's hands")
		default:
			r.Put()
			<-got
		}
		r.Put()
	})
}

// As above, but the resource is only being released.
func TestLatePutHandsNothingOverThatIsBeingReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		end := make(chan struct{})
		r := p.Create(&thing{release: func() error { <-end; return nil }})
		mustGet(t, r)
		x := startGet(r)
		x.wantWaiting(t)
		seen := r.r.state.W.Load()
		released := start(r.Release)
		if r.r.yield(seen) {
			t.Error("handed over what is being released")
		}
		x.wantWaiting(t)
		close(end)
		released.wantDone(t, nil)
		x.wantDone(t, nil)
		r.Put()
		wantUsage(t, p, 0, 1, 0)
	})
}

func TestOtherShardsAreSearched(t *testing.T) {
	for e := range evict.Experts() {
		p := newPool(512, "", 2, 2)
		p.p.idle.Prefer(e)
		for range 512 {
			r := p.p.create(nothing{}, 0)
			mustGet(t, r)
			r.Put()
		}
		for range 512 {
			r := p.p.create(nothing{}, 1)
			mustGet(t, r)
			r.Put()
		}
	}
}

func TestMarksEndWithTheResidency(t *testing.T) {
	p := New(1, "")
	r, x := p.Create(nothing{}), p.Create(nothing{})
	mustGet(t, r)
	r.Put()
	mustGet(t, r)
	r.Put()
	mustGet(t, x)
	_ = x.Release()
	_ = r.Release()
	if w := r.r.state.W.Load(); w&(residencyMarks|usesMask|markReused|markScheduled|markListed) != 0 {
		t.Errorf("%x", w)
	}
}

func TestNoAllocationIsCountedWhileItRuns(t *testing.T) {
	p := New(1, "")
	var during Stats
	r := p.Create(&thing{allocate: func() error { during = p.Stats(); return nil }})
	mustGet(t, r)
	if during.Allocations != 0 || during.InUse != 1 {
		t.Errorf("%+v", during)
	}
	r.Put()
}

func TestUsesAreCountedOnce(t *testing.T) {
	p := New(1, "")
	r := p.Create(nothing{})
	for range 3 {
		mustGet(t, r)
		r.Put()
		mustGet(t, r)
		_ = r.Release()
	}
	if st := p.Stats(); st.Gets != 6 || st.Allocations != 3 || st.Reuses != 3 {
		t.Errorf("%+v", st)
	}
}

// The first waiter leaves between a Put that sees nobody waiting and the heir
// that takes its place.
func TestHeirAloneIsMatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		y, r := p.Create(nothing{}), p.Create(nothing{})
		mustGet(t, y)
		cancel := make(chan struct{})
		first, heir := make(chan error, 1), make(chan error, 1)
		go func() { first <- r.Get(cancel) }()
		synctest.Wait()
		go func() { heir <- r.Get(nil) }()
		synctest.Wait()
		// cancelWait of the first, held up between its two steps
		p.p.waitLock.Lock()
		w := p.p.slotQueue.oldest
		p.p.dequeueSlotWaiter(w)
		y.Put() // sees nobody waiting for a slot
		r.r.inherit(&p.p)
		w.refuse(ErrorResourceLimitExceeded)
		p.p.waitLock.Unlock()
		testkit.WantErr(t, "first", <-first, ErrorResourceLimitExceeded)
		testkit.WantErr(t, "heir", <-heir, nil)
		r.Put()
	})
}
