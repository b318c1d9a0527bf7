package resourcepool

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/slotpool/slotpool/internal/testkit"
)

func mustLease(t *testing.T, s *Shared) Lease {
	t.Helper()
	l, err := s.GetContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestUsersShareOneAllocation(t *testing.T) {
	f := &thing{}
	p := New(1, "")
	s := NewShared(p.Create(f), 0)
	a, b := mustLease(t, s), mustLease(t, s)
	if f.allocations.Load() != 1 {
		t.Fatalf("%d allocations", f.allocations.Load())
	}
	a.Put()
	wantUsage(t, p, 1, 0, 0)
	b.Put()
	wantUsage(t, p, 0, 1, 0)
}

func TestSecondPutOfALeaseDoesNotTakeAnothersShare(t *testing.T) {
	p := New(1, "")
	s := NewShared(p.Create(&thing{}), 0)
	a, b := mustLease(t, s), mustLease(t, s)
	a.Put()
	a.Put()
	testkit.WantErr(t, "Release", a.Release(), nil)
	wantUsage(t, p, 1, 0, 0)
	b.Put()
	Lease{}.Put()
	testkit.WantErr(t, "Release of none", Lease{}.Release(), nil)
	wantUsage(t, p, 0, 1, 0)
}

func TestUsersBeyondTheLimitWaitInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		s := NewShared(p.Create(&thing{}), 2)
		a, b := mustLease(t, s), mustLease(t, s)
		first, second := startLease(t.Context(), s), startLease(t.Context(), s)
		first.wantWaiting(t)
		a.Put()
		first.wantDone(t, nil)
		second.wantWaiting(t)
		s.SetUsers(3)
		second.wantDone(t, nil)
		b.Put()
		first.lease.Put()
		second.lease.Put()
		wantUsage(t, p, 0, 1, 0)
	})
}

// Who says that the thing is of no use keeps others from getting it, and does not
// take it from those who have it.
// The last user to leave puts the resource. That is not who leaves while others wait for a lease:
// the slot would go to whoever waits for one, and these would allocate again.
func TestLeaseGoesFromUserToUserWithoutAPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &thing{}
		p := New(1, "")
		s := NewShared(p.Create(f), 1)
		other := p.Create(&thing{})
		a := mustLease(t, s)
		x := start(func() error { return other.Get(nil) })
		second := startLease(t.Context(), s)
		a.Put()
		second.wantDone(t, nil)
		x.wantWaiting(t)
		second.lease.Put()
		x.wantDone(t, nil)
		if f.allocations.Load() != 1 {
			t.Fatalf("%d allocations", f.allocations.Load())
		}
	})
}

func TestReleaseOfALeaseWaitsForTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &thing{release: func() error { return errFake }}
		p := New(1, "")
		s := NewShared(p.Create(f), 0)
		a, b := mustLease(t, s), mustLease(t, s)
		testkit.WantErr(t, "Release", a.Release(), nil)
		next := startLease(t.Context(), s)
		next.wantWaiting(t) // and has not joined what is to be released
		if f.releases.Load() != 0 {
			t.Fatal("released what is in use")
		}
		testkit.WantErr(t, "last Release", b.Release(), errFake)
		next.wantDone(t, nil)
		if n := f.allocations.Load(); n != 2 {
			t.Fatalf("%d allocations", n)
		}
		next.lease.Put()
		f.check(t)
	})
}

func TestFailureOfTheGetterIsForAllWhoWaitForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		f := &thing{allocate: func() error { <-proceed; return errFake }}
		s := NewShared(New(1, "").Create(f), 0)
		defer close(proceed)
		var all []*leaseGetter
		for range 5 {
			all = append(all, startLease(t.Context(), s))
		}
		proceed <- struct{}{} // one Allocate fails, and another would not end
		for _, x := range all {
			x.wantDone(t, errFake)
		}
	})
}

// The getter's context is nobody else's.
func TestCancelledGetterLeavesTheTaskToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		held := hold(t, p)
		s := NewShared(p.Create(&thing{}), 0)
		ctx, cancel := context.WithCancel(t.Context())
		first, second := startLease(ctx, s), startLease(t.Context(), s)
		cancel()
		wantWaitError(t, first.result(t), context.Canceled)
		second.wantWaiting(t)
		held.Put()
		second.wantDone(t, nil)
		second.lease.Put()
		wantUsage(t, p, 0, 1, 0)
	})
}

func TestCancelledUserDoesNotHoldAShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		s := NewShared(p.Create(&thing{}), 1)
		a := mustLease(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		waits := startLease(ctx, s)
		cancel()
		wantWaitError(t, waits.result(t), ErrorPutTimeout)
		a.Put()
		wantUsage(t, p, 0, 1, 0)
	})
}

func TestPanicOfTheGetterDoesNotLoseTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		first := true
		f := &thing{allocate: func() error {
			if first {
				first = false
				<-proceed
				panic("x")
			}
			return nil
		}}
		s := NewShared(New(1, "").Create(f), 0)
		recovered := make(chan any, 1)
		go func() {
			defer func() { recovered <- recover() }()
			_, _ = s.GetContext(t.Context())
		}()
		synctest.Wait()
		second := startLease(t.Context(), s)
		close(proceed)
		if v := <-recovered; v != "x" {
			t.Fatal(v)
		}
		second.wantDone(t, nil)
	})
}

func TestNegativeUsersPanic(t *testing.T) {
	testkit.WantPanic(t, "resourcepool: -1 users of a Shared", func() { NewShared(New(1, "").Create(&thing{}), -1) })
}

// getAndPut is for goroutines beside that of the test.
func getAndPut(t *testing.T, r *Resource, rounds int) {
	for range rounds {
		if err := r.GetContext(t.Context()); err != nil {
			t.Error(err)
			return
		}
		r.Put()
	}
}

// Users come and go, some of them say that it broke; there are never too many, and
// never one on what has been released.
func TestSharedStress(t *testing.T) {
	const most = 3
	f := &thing{}
	p := New(1, "")
	s := NewShared(p.Create(f), most)
	other := p.Create(&thing{})
	var users, worst atomic.Int64
	var wg sync.WaitGroup
	const rounds = 3000
	wg.Go(func() { getAndPut(t, other, rounds) }) // wants the slot
	for n := range 5 {
		wg.Go(func() {
			for i := range rounds {
				l, err := s.GetContext(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if u := users.Add(1); u > worst.Load() {
					worst.Store(u)
				}
				if f.state.Load() != 1 {
					t.Error("a lease on what is not open")
				}
				users.Add(-1)
				if (i+n)%17 == 0 {
					_ = l.Release()
				} else {
					l.Put()
				}
			}
		})
	}
	wg.Wait()
	if worst.Load() > most {
		t.Errorf("%d users at once", worst.Load())
	}
	f.check(t)
	auditAtRest(t, p, []*Resource{s.s.r, other})
}
