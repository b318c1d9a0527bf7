package connpool

import (
	"errors"
	"testing"

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
	wantErr(t, "Get beside a foreign resource", err, resourcepool.ErrorResourceLimitExceeded)
	other.Put()
	conn := mustGetWith(t, cr, inner)
	if f.open {
		t.Fatal("the foreign resource was not released")
	}
	wantErr(t, "Get of the foreign resource", other.Get(now()), resourcepool.ErrorResourceLimitExceeded)
	conn.Put()
	if err := other.Get(now()); err != nil {
		t.Fatal(err)
	}
	if inner.closes != 1 {
		t.Fatalf("the connection was closed %d times", inner.closes)
	}
	other.Put()
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
