package connpool

import (
	"errors"
	"sync"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"

	"github.com/slotpool/slotpool/resourcepool"
)

func TestScheduleCloseOfAnIdleConnection(t *testing.T) {
	p := usePool(t, 1)
	s := newServer(t, "tcp")
	cr := s.resource()
	mustGet(t, cr).Put()
	there := s.accept()
	cr.ScheduleClose()
	wantEOF(t, there)
	wantUsage(t, p, 0, 0)
}

// TestScheduleCloseOfAConnectionInUse closes at the next Put, and only then.
func TestScheduleCloseOfAConnectionInUse(t *testing.T) {
	p := usePool(t, 1)
	s := newServer(t, "tcp")
	cr := s.resource()
	conn := mustGet(t, cr)
	there := s.accept()
	cr.ScheduleClose()
	wantTalk(t, conn, there)
	conn.Put()
	wantEOF(t, there)
	wantUsage(t, p, 0, 0)
	conn = mustGet(t, cr)
	there = s.accept()
	for range 3 {
		conn.Put()
		conn = mustGetWith(t, cr, mustNotDial(t))
	}
	wantTalk(t, conn, there)
	conn.Put()
}

func TestScheduleCloseOfWhatWasNeverUsed(t *testing.T) {
	p := usePool(t, 1)
	cr := New("tcp", "nowhere:1")
	cr.ScheduleClose()
	if cr.c.slot.Load() != nil {
		t.Fatal("ScheduleClose made a resource of the pool")
	}
	mustGetWith(t, cr, newPipe(t)).Put() // which it does not close
	wantUsage(t, p, 0, 1)
	cr.ScheduleClose()
	cr.ScheduleClose()
	wantUsage(t, p, 0, 0)
}

// TestOtherPackagesShareTheSlots, whatever it is that they hold.
func TestOtherPackagesShareTheSlots(t *testing.T) {
	p := usePool(t, 1)
	if GetResourcePool() != p {
		t.Fatal("GetResourcePool returns another pool")
	}
	f := &foreign{}
	other := GetResourcePool().Create(f)
	if err := other.Get(nil); err != nil {
		t.Fatal(err)
	}
	cr := newResource(t, "tcp", "nowhere:1")
	inner := newPipe(t)
	_, err := cr.GetWithDialer(now(), inner)
	testkit.WantErr(t, "Get beside a foreign resource", err, resourcepool.ErrorResourceLimitExceeded)
	other.Put()
	conn := mustGetWith(t, cr, inner)
	if f.open {
		t.Fatal("the foreign resource was not released")
	}
	testkit.WantErr(t, "Get of the foreign resource", other.Get(now()), resourcepool.ErrorResourceLimitExceeded)
	conn.Put()
	if err := other.Get(now()); err != nil {
		t.Fatal(err)
	}
	if inner.closes != 1 {
		t.Fatalf("the connection was closed %d times", inner.closes)
	}
	other.Put()
}

// TestConcurrentFirstUseOfOneConnResource: all users share one resource of the
// pool, or they would share one connection. Each has seen that there is none
// before any of them makes one.
func TestConcurrentFirstUseOfOneConnResource(t *testing.T) {
	p := usePool(t, 1)
	const users = 4
	var seen, wg sync.WaitGroup
	seen.Add(users)
	globalPool = func() *resourcepool.Pool { // usePool puts the real one back
		seen.Done()
		seen.Wait()
		return p
	}
	cr := New("tcp", "nowhere:1")
	var got [users]*resourcepool.Resource
	for u := range users {
		wg.Go(func() { got[u] = cr.c.resource() })
	}
	wg.Wait()
	for u := range users {
		if got[u] == nil || got[u] != cr.c.slot.Load() {
			t.Fatalf("user %d has resource %p, and the address has %p", u, got[u], cr.c.slot.Load())
		}
	}
}

// TestResourceDialsByItself: what the pool has is an AllocateReleaser like
// others, and fit for a Get that brings no dialer.
func TestResourceDialsByItself(t *testing.T) {
	p := usePool(t, 1)
	s := newServer(t, "tcp")
	cr := s.resource()
	if err := cr.c.resource().Get(now()); err != nil {
		t.Fatal(err)
	}
	there := s.accept()
	cr.c.resource().Put()
	conn := mustGetWith(t, cr, mustNotDial(t))
	wantTalk(t, conn, there)
	conn.Put()
	wantUsage(t, p, 0, 1)
}

// foreign is an AllocateReleaser of another package.
type foreign struct{ open bool }

func (f *foreign) Allocate() error {
	if f.open {
		return errors.New("already open")
	}
	f.open = true
	return nil
}

func (f *foreign) Release() error {
	f.open = false
	return nil
}
