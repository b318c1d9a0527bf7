package resourcepool

import (
	"context"
	"testing"
	"testing/synctest"
)

// gone is a Get for a slot, of a resource of its own, whose context has ended and
// which has had no processor yet to say so.
func gone(p *Pool) *waiter {
	ctx, cancel := context.WithCancel(context.Background())
	w := asleep(p, ctx)
	cancel()
	return w
}

func (w *waiter) leave() { w.resource.cancelWait(w, nil) }

// A Get of the resource that came before all who still wait for a slot has it, though one
// that has given up came earlier: no slot is taken from it for a younger one.
func TestResourceIsNotTakenFromItsHeirForOneWhoseContextHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, younger := range []bool{false, true} {
			p := New(1, "")
			target := &thing{}
			r := p.Create(target)
			mustGet(t, r)
			ended := gone(p)
			heir := start(func() error { return r.GetContext(t.Context()) })
			synctest.Wait()
			var other *waiter
			if younger {
				other = asleep(p, t.Context())
			}
			r.Put()
			synctest.Wait()
			if ended.queue == nil || younger && other.queue == nil {
				t.Errorf("younger %v: the slot went to another", younger)
			} else {
				heir.wantDone(t, nil)
				ended.leave()
				if younger {
					other.leave()
				}
				wantUsage(t, p, 1, 0, 0)
			}
		}
	})
}

// Nor is a member closed to open another of its group.
func TestMemberIsNotClosedToOpenAnotherWhereContextsHaveEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		l := newLines(p, 0, 8)
		held := l.get(t)
		ended := gone(p)
		x := start(func() error { _, err := l.Get(t.Context()); return err })
		x.wantWaiting(t)
		l.put(held)
		x.wantDone(t, nil)
		if st := p.Stats(); st.Allocations != 1 {
			t.Errorf("%d Allocates, want 1", st.Allocations)
		}
		if ended.queue != nil {
			ended.leave()
		}
		wantUsage(t, p, 1, 0, 0)
	})
}

// One who still wants a slot and came before the heir has it, though the oldest has ended.
func TestSlotGoesToTheOlderOneBehindAContextThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, member := range []bool{false, true} {
			p := New(1, "")
			l, r := newLines(p, 0, 8), p.Create(&thing{})
			get, put := func() error { return r.GetContext(t.Context()) }, r.Put
			if member {
				held := l.get(t)
				get, put = func() error { _, err := l.Get(t.Context()); return err }, func() { l.put(held) }
			} else {
				mustGet(t, r)
			}
			ended := gone(p)
			other := asleep(p, t.Context())
			heir := start(get)
			heir.wantWaiting(t)
			put()
			synctest.Wait()
			if other.queue != nil || ended.queue == nil {
				t.Fatalf("member %v: the older one does not have it", member)
			}
			ended.leave()
			other.resource.declineGrant(other)
			heir.wantDone(t, nil)
			wantUsage(t, p, 1, 0, 0)
		}
	})
}
