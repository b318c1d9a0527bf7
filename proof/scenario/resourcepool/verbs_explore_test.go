//go:build explore

package resourcepool

import (
	"context"
	"errors"
	"time"

	"github.com/slotpool/slotpool/proof/sched"
)

// doPool does what is done to the pool, and reports whether it was that.
func (u *user) doPool(verb byte, word string) bool {
	w, n := u.w, uint(0)
	if len(word) > 1 {
		n = uint(word[1] - '0')
	}
	switch verb {
	case 'S':
		u.stats()
	case 'Z':
		w.shut = true
		_ = w.p.Close()
	case 'z':
		w.shut = true
		u.check("Shutdown", w.p.Shutdown(context.Background()))
	case 'Y':
		w.shut = true
		_ = w.sub.Close()
	case 'M':
		w.p.SetMax(n)
	case 'U':
		w.sub.SetMax(n)
	case 'R':
		w.p.ReleaseIdle(n)
	case 'A':
		u.acquire(context.Background(), n)
	case 'B':
		u.acquire(u.context(), n)
	case 'T':
		if w.p.TryAcquire(n) {
			u.acquired += n
		}
	case 'K':
		sched.Advance(time.Duration(n) * time.Second)
	case 'C':
		w.lookAtOverstays()
	case 'E':
		w.p.Free(u.acquired)
		u.acquired = 0
	default:
		return false
	}
	return true
}

func (u *user) acquire(ctx context.Context, n uint) {
	switch err := u.w.p.Acquire(ctx, n); {
	case err == nil:
		u.acquired += n
	case err == ErrPoolClosed && u.w.shut:
	case err == ErrorResourceLimitExceeded && u.w.pr.resizes():
	case errors.Is(err, context.Canceled) && u.w.closed[u.n]:
	default:
		u.w.t.Fail("Acquire: %v", err)
	}
}

func (u *user) stats() {
	st := u.w.p.Stats()
	if st.InUse+st.Idle+st.Releasing > st.Max {
		u.w.t.Fail("%+v", st)
	}
	if st.Gets > st.Reuses+st.Allocations { // fewer, while others are at it: each total may miss what is under way
		u.w.t.Fail("%+v", st)
	}
}

// doMember does what is done to the group, and reports whether it was that.
func (u *user) doMember(verb byte) bool {
	switch verb {
	case 'h':
		u.getMember(context.Background())
	case 'i':
		u.getMember(u.context())
	case 'j':
		if r := u.w.group.TryGet(); r != nil {
			u.gotMember(r)
		}
	case 'O':
		u.endOpen(u.w.group.Open(context.Background()))
	case 'N':
		u.w.failing++
	case 'u', 'v', 'y':
		if n := len(u.members); n > 0 {
			r := u.members[n-1]
			u.members = u.members[:n-1]
			u.useMember(r, verb)
		}
	default:
		return false
	}
	return true
}

func (u *user) getMember(ctx context.Context) {
	u.endGet(u.w.group.Get(ctx))
}

func (u *user) endGet(r *Resource, err error) {
	switch {
	case err == nil:
		u.gotMember(r)
	case err == errFake && u.w.pr.fails():
	case err == ErrPoolClosed && u.w.shut:
	case errors.Is(err, context.Canceled) && u.w.closed[u.n]:
	default:
		u.w.t.Fail("Get of the group: %v", err)
	}
}

func (u *user) endOpen(_ bool, err error) {
	switch {
	case err == nil:
	case err == errFake && u.w.pr.fails():
	case err == ErrPoolClosed && u.w.shut:
	default:
		u.w.t.Fail("Open of the group: %v", err)
	}
}

func (u *user) gotMember(r *Resource) {
	u.got(itemOf(r))
	u.members = append(u.members, r)
}

func (u *user) useMember(r *Resource, verb byte) {
	i := itemOf(r)
	generation := u.has[i]
	delete(u.has, i)
	i.owner = ""
	switch verb {
	case 'u':
		u.w.group.Put(r, generation)
	case 'v':
		if released, err := r.ReleaseGeneration(generation); !released || err != nil {
			u.w.t.Fail("release of a member: %v, %v", released, err)
		}
	case 'y':
		u.endGet(u.w.group.Renew(context.Background(), r))
	}
}
