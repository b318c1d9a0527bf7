//go:build explore

package resourcepool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/slotpool/slotpool/proof/linear"
	"github.com/slotpool/slotpool/proof/sched"
)

// groupHistory is a group whose history is kept, beside resources that evict its members.
type groupHistory struct {
	h       *linear.History
	p       *Pool
	g       *Group
	plain   []*recorded
	made    int // members; changed under waitLock
	failing atomic.Int32
	failed  atomic.Int32
	line    line
	over    chan struct{} // ends the Gets that can be cancelled
}

// recordedMember is a member of it. Whoever has it, or calls it, writes the fields.
type recordedMember struct {
	of      *groupHistory
	number  int
	source  int64 // when what made it somebody's to get began: its last Put or Allocate's return
	since   int64 // when it was emptied last
	ready   int64 // when its last Allocate returned
	due     bool  // that something has ended is not on record yet
	kind    linear.Kind
	renewed int64 // when the Renew that runs was called; 0 for none
}

// settle records that what has ended was over by then.
func (m *recordedMember) settle(by int64) {
	if m.due {
		m.due = false
		m.of.h.Add(m.kind, m.number, max(m.ready, m.since), by)
	}
}

func (m *recordedMember) Allocate() error {
	w := m.of
	if entered := w.h.Now(); m.renewed == 0 {
		m.settle(entered)
		w.h.Add(linear.Open, m.number, m.since, entered)
	}
	m.renewed = 0
	sched.Yield()
	fails := w.fails()
	w.line.look()
	m.due, m.ready = true, w.h.Now()
	if fails {
		m.kind, m.since = linear.Failed, m.ready
		w.failed.Add(1)
		return errFake
	}
	m.kind, m.source = linear.Ready, m.ready
	return nil
}

func (m *recordedMember) Release() error {
	now := m.of.h.Now()
	if m.renewed != 0 {
		m.of.h.Add(linear.Renew, m.number, m.renewed, now)
		sched.Yield()
		return nil
	}
	m.settle(now)
	m.of.h.Add(linear.Begin, m.number, m.ready, now)
	sched.Yield()
	m.due, m.kind, m.since = true, linear.End, m.of.h.Now()
	return nil
}

func (w *groupHistory) fails() bool {
	for {
		n := w.failing.Load()
		if n == 0 {
			return false
		}
		if w.failing.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// groupUser runs the words of a program: h i j u v y N and g t p, as program has them.
// It has one thing at a time.
type groupUser struct {
	w     *groupHistory
	words string
	r     *Resource
	plain *recorded
	err   error
}

func (u *groupUser) run() {
	for _, word := range strings.Fields(u.words) {
		if u.do(word); u.err != nil {
			return
		}
	}
}

func (u *groupUser) do(word string) {
	w := u.w
	switch verb := word[0]; verb {
	case 'h':
		u.get(context.Background())
	case 'i':
		u.get(channelContext{context.Background(), w.over})
	case 'j':
		u.tryGet()
	case 'N':
		w.failing.Add(1)
	case 'u', 'v', 'y':
		if u.r != nil {
			u.end(verb)
		}
	case 'g', 't':
		x := w.plain[word[1]-'a']
		if recordGet(x, verb, nil) {
			u.plain = x
		}
	case 'p':
		if u.plain != nil {
			giveBack(u.plain, u.plain.r.Generation(), 'p')
			u.plain = nil
		}
	}
}

func (u *groupUser) get(ctx context.Context) {
	g := u.w.line.begin(false)
	r, err := u.w.g.Get(ctx)
	u.got(g, r, err, ctx)
}

// got records how a Get of the group ended.
func (u *groupUser) got(g *queued, r *Resource, err error, ctx context.Context) {
	w := u.w
	switch {
	case err == nil:
		m := r.Target().(*recordedMember)
		u.err = w.line.end(g, m.source)
		ret := w.h.Now()
		m.settle(ret)
		w.h.Add(linear.Reuse, m.number, g.called, ret)
		u.r = r
		return
	case err == errFake && w.failed.Load() == 0:
		u.err = errors.New("a Get is told of a failure that nobody had")
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		w.h.AddCancelled(g.called, w.h.Now())
	case err != errFake:
		u.err = fmt.Errorf("Get of the group: %w", err)
	}
	_ = w.line.end(g, 0)
}

func (u *groupUser) tryGet() {
	g := u.w.line.begin(false)
	if r := u.w.g.TryGet(); r != nil {
		u.got(g, r, nil, nil)
		return
	}
	u.w.h.Add(linear.NoneIdle, 0, g.called, u.w.h.Now())
	_ = u.w.line.end(g, 0)
}

func (u *groupUser) end(verb byte) {
	w, r := u.w, u.r
	u.r = nil
	m := r.Target().(*recordedMember)
	if verb == 'y' {
		g := w.line.begin(true)
		m.renewed = g.called
		again, err := w.g.Renew(context.Background(), r)
		u.got(g, again, err, context.Background())
		return
	}
	w.line.look()
	call := w.h.Now()
	m.source = call
	if generation := r.Generation(); verb == 'u' {
		w.g.Put(r, generation)
	} else if released, err := r.ReleaseGeneration(generation); !released || err != nil {
		u.err = fmt.Errorf("release of a member: %v, %w", released, err)
	}
	w.h.Add(linear.Put, m.number, call, w.h.Now())
}
