package resourcepool

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// late is a line that says when its Allocate really began.
type late struct {
	line
	began atomic.Pointer[time.Time]
}

func (l *late) AllocateBegan() time.Time {
	if t := l.began.Load(); t != nil {
		return *t
	}
	return time.Time{}
}

// An address was taken for dead because its dials had to wait for something else.
func TestAllocateThatHasNotReallyBegunIsNotOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(8, "") // a lane of one
		m := &late{line: line{end: make(chan error)}}
		earlier := time.Now()
		m.began.Store(&earlier) // what an earlier Allocate has left
		time.Sleep(time.Nanosecond)
		made := 0
		g := p.NewGroup("g", 0, func() AllocateReleaser {
			if made++; made == 1 {
				return m
			}
			return &thing{}
		})
		x := startGroupGet(t.Context(), g)
		time.Sleep(10 * overdue)
		y := startGroupGet(t.Context(), g)
		x.wantDone(t, nil) // with what was allocated for y
		if g.g.suspect || p.p.lane.count != 0 {
			t.Fatal("suspect")
		}
		now := time.Now()
		m.began.Store(&now)
		time.Sleep(overdue)
		z := startGroupGet(t.Context(), g)
		if !g.g.suspect || p.p.lane.count != 1 {
			t.Fatal("not suspect")
		}
		y.wantWaiting(t)
		m.end <- nil
		y.wantDone(t, nil)
		z.wantDone(t, nil)
	})
}
