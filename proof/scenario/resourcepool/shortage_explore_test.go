//go:build explore

package resourcepool

import (
	"sync"
	"testing"
)

// shortagePrograms have resources that are lent: in use, with an owner who gives them up
// when somebody waits for a slot.
var shortagePrograms = []program{
	{name: "lent before", slots: 1, first: "ea", users: "gb pb"},
	{name: "two wait", slots: 1, first: "ea", users: "gb pb | gc pc"},
	{name: "lent while somebody comes", slots: 1, users: "ea | gb pb"},
	{name: "lent again", slots: 1, first: "ea", users: "gb pb ea | gc pc"},
	{name: "lent by two", slots: 1, users: "ea | eb | gc pc"},
	{name: "two lent", slots: 2, first: "ea eb", users: "gc pc | gd pd | ea"},
	{name: "cancelled", slots: 1, first: "ea", users: "cb pb | xA | gc pc"},
	{name: "lent by a sub-pool", slots: 1, sub: 1, inSub: "a", first: "ea", users: "gb pb | gc pc"},
	{name: "lent again by a sub-pool", slots: 1, sub: 1, inSub: "a", first: "ea", users: "gb pb ea | gc pc"},
	{name: "for an acquire", slots: 2, first: "ea", users: "A2 E | gb pb | ea"},
	{name: "for a group", slots: 1, first: "ea", users: "h. u. | gb pb"},
	{name: "resized", slots: 2, first: "ea", users: "gb pb | gc pc | M1"},
}

func TestExploreShortage(t *testing.T) { explorePrograms(t, shortagePrograms) }

// lending is what relief can give up.
type lending struct {
	lock sync.Mutex
	lent []*item
}

// watchShortage has relief called for all pools that have lent resources in them.
func (w *world) watchShortage() {
	for _, p := range []*Pool{w.p, w.sub} {
		if p != nil {
			p.OnShortage(func() { w.relieve(p) })
		}
	}
}

// lend gets a resource and leaves it in use. Who waits for a slot may have called
// for relief before.
func (u *user) lend(i *item) {
	if u.get(i, 'g'); i.owner != u.name {
		return
	}
	delete(u.has, i)
	i.owner = "relief"
	l := &u.w.lending
	l.lock.Lock()
	l.lent = append(l.lent, i)
	l.lock.Unlock()
	u.w.relieve(i.pool())
}

// relieve gives up resources of p for as long as somebody waits.
func (w *world) relieve(p *Pool) {
	for p.SlotWaiters() > 0 {
		i := w.lending.take(p)
		if i == nil {
			return
		}
		i.owner = ""
		if err := i.release(); err != nil {
			w.t.Fail("release of what was lent: %v", err)
		}
	}
}

func (l *lending) take(p *Pool) *item {
	l.lock.Lock()
	defer l.lock.Unlock()
	for n, i := range l.lent {
		if i.pool() == p {
			l.lent = append(l.lent[:n:n], l.lent[n+1:]...)
			return i
		}
	}
	return nil
}
