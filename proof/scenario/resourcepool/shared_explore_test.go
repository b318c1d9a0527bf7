//go:build explore

package resourcepool

import (
	"context"
	"errors"
	"testing"

	"github.com/slotpool/slotpool/proof/sched"
)

// sharedPrograms are those of a Shared of resource a, which nobody gets otherwise.
var sharedPrograms = []program{
	{name: "two", shared: true, slots: 1, users: "H. P. | H. P."},
	{name: "three", shared: true, slots: 1, users: "H. P. | H. P. | H. P."},
	{name: "two twice", shared: true, slots: 1, users: "H. P. H. P. | H. P. H. P."},
	{name: "one at a time", shared: true, leases: 1, slots: 1, users: "H. P. | H. P. | H. P."},
	{name: "two at a time", shared: true, leases: 2, slots: 1, users: "H. P. | H. P. | H. P."},
	{name: "cancelled", shared: true, leases: 1, slots: 1, users: "H. P. | I. P. | xB | H. P."},
	{name: "cancelled while it is gotten", shared: true, slots: 1, first: "gb", users: "pb | I. P. | xB | H. P."},
	{name: "all cancelled", shared: true, slots: 1, first: "gb", users: "pb | I. P. | I. P. | xB xC"},
	{name: "released", shared: true, slots: 1, users: "H. V. | H. P. | H. P."},
	{name: "released by two", shared: true, slots: 1, users: "H. V. | H. V. | H. P."},
	{name: "released, one at a time", shared: true, leases: 1, slots: 1, users: "H. V. | I. P. | xB | H. P."},
	{name: "failing", shared: true, slots: 1, users: "N. H. P. | H. P. | H. P."},
	{name: "failing, cancelled", shared: true, slots: 1, users: "N. H. P. | I. P. | xB | H. P."},
	{name: "evicted", shared: true, slots: 1, users: "H. P. H. P. | gb pb | H. P."},
	{name: "more at a time", shared: true, leases: 1, slots: 1, users: "H. P. | H. P. | J2 | H. P."},
	{name: "fewer at a time", shared: true, slots: 1, users: "H. P. | H. P. | J1 J0"},
	{name: "ended twice", shared: true, slots: 1, users: "H. Q. | H. P. | H. Q."},
	{name: "closed", shared: true, slots: 1, users: "H. P. | H. P. | Z"},
}

func TestExploreShared(t *testing.T) { explorePrograms(t, sharedPrograms) }

// doShared does what is done to the Shared, and reports whether it was that.
func (u *user) doShared(verb byte, word string) bool {
	s := u.w.shared
	switch verb {
	case 'H':
		u.getLease(context.Background())
	case 'I':
		u.getLease(u.context())
	case 'J':
		u.w.leases = 0 // from now on there may be more than that for a while
		s.SetUsers(int(word[1] - '0'))
	case 'P', 'Q', 'V':
		if n := len(u.leases); n > 0 {
			l := u.leases[n-1]
			u.leases = u.leases[:n-1]
			u.endLease(l, verb)
		}
	default:
		return false
	}
	return true
}

func (u *user) getLease(ctx context.Context) {
	w, i := u.w, u.w.items[0]
	retired := i.retired
	l, err := w.shared.GetContext(ctx)
	switch {
	case err == nil:
	case err == errFake && w.pr.fails():
		return
	case err == ErrPoolClosed && w.shut:
		return
	case errors.Is(err, context.Canceled) && w.closed[u.n]:
		return
	default:
		w.t.Fail("lease: %v", err)
	}
	generation := i.generation()
	if !i.held || i.calling || i.leases > 0 && i.leased != generation {
		w.t.Fail("%s leased generation %d, allocated %v, beside %d of generation %d", u.name, generation, i.held, i.leases, i.leased)
	}
	if generation == retired {
		w.t.Fail("%s leased what was of no more use", u.name)
	}
	i.leased, i.owner = generation, "the users of the Shared"
	if i.leases++; w.leases > 0 && i.leases > w.leases {
		w.t.Fail("%d leases where there may be %d", i.leases, w.leases)
	}
	u.leases = append(u.leases, l)
}

func (u *user) endLease(l Lease, verb byte) {
	i := u.w.items[0]
	sched.Yield() // what is leased is used
	if generation := i.generation(); !i.held || i.leased != generation {
		u.w.t.Fail("what %s leased as generation %d is of %d, allocated %v", u.name, i.leased, generation, i.held)
	}
	if i.leases--; i.leases == 0 {
		i.owner = ""
	}
	if verb == 'V' {
		generation := i.leased
		u.check("Release of a lease", l.Release())
		i.retired = generation
		return
	}
	if l.Put(); verb == 'Q' {
		l.Put()
		u.check("Release of a lease that is over", l.Release())
	}
}
