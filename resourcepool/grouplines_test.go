package resourcepool

import (
	"context"
	"testing"
	"testing/synctest"
)

// lines is a group whose members' Allocates take as long as a test wants.
type lines struct {
	*Group
	p    *Pool
	made []*line
}

type line struct {
	checked
	end chan error // of Allocate; nil: it ends at once
	ctx context.Context
}

func (l *line) AllocateContext(ctx context.Context) error {
	l.ctx = ctx
	if l.end == nil {
		return l.Allocate()
	}
	if err := <-l.end; err != nil {
		return err
	}
	return l.Allocate()
}

// newLines makes a group whose members from the quick-th on allocate only when told.
func newLines(p *Pool, most uint, quick int) *lines {
	l := &lines{p: p}
	l.Group = p.NewGroup("lines", most, func() AllocateReleaser {
		m := &line{}
		if len(l.made) >= quick {
			m.end = make(chan error)
		}
		l.made = append(l.made, m)
		return m
	})
	return l
}

func (l *lines) get(t *testing.T) *Resource {
	t.Helper()
	r, err := l.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (l *lines) put(r *Resource) { l.Put(r, r.Generation()) }

// wantQuiet checks that a group of which nothing is used has nothing left over.
func (l *lines) wantQuiet(t *testing.T, idle uint) {
	t.Helper()
	synctest.Wait()
	wantUsage(t, l.p, 0, idle, 0)
	g := l.g
	if g.waiting.Load() != 0 || g.queue.oldest != nil || g.openings.oldest != nil || g.openings.wanted != 0 || g.live.Load() != int64(idle) {
		t.Fatalf("%d wait, %d openings, %d live with %d idle", g.waiting.Load(), g.openings.wanted, g.live.Load(), idle)
	}
	if p := &l.p.p; p.everyone.first != nil || p.lane.count != 0 {
		t.Fatal("somebody waits, or is in the lane")
	}
}
