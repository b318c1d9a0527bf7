package resourcepool

import (
	"context"
	"fmt"
	"sync"
)

// shared is the body of Shared.
//
//	empty    nobody has the resource
//	getting  one user is getting it; others wait
//	held     it is in use, for users of one generation
//	retired  the same, but nobody may join any more
type shared struct {
	r *Resource

	lock       sync.Mutex
	state      sharedState
	most       int // users; 0 for no limit
	users      int // of the generation that is held or retired
	generation uint32
	waiting    []*sharer // oldest first
}

type sharedState uint8

const (
	sharedEmpty sharedState = iota
	sharedGetting
	sharedHeld
	sharedRetired
)

// sharer is a user who waits. What it is woken with is a lease, an error, or, if
// both are nil, the task to get the resource.
type sharer struct {
	lease *lease
	err   error
	woken bool
	ready chan struct{}
}

type lease struct {
	of         *shared
	generation uint32
	over       bool // guarded by the lock of the shared
}

func newShared(r *Resource, users int) *Shared {
	if r == nil {
		panic("resourcepool: NewShared with a nil Resource")
	}
	s := &Shared{shared{r: r}}
	s.s.setUsers(users)
	return s
}

func (s *shared) setUsers(users int) {
	if users < 0 {
		panic(fmt.Sprintf("resourcepool: %d users of a Shared", users))
	}
	s.lock.Lock()
	s.most = users
	s.admit()
	s.lock.Unlock()
}

func (s *shared) get(ctx context.Context) (Lease, error) {
	if ctx.Err() != nil {
		return Lease{}, newWaitError(s.r.r.pool, ErrorPutTimeout, ctx)
	}
	w := &sharer{ready: make(chan struct{})}
	s.lock.Lock()
	s.waiting = append(s.waiting, w)
	s.admit()
	s.lock.Unlock()
	select {
	case <-w.ready:
	default:
		select {
		case <-w.ready:
		case <-ctx.Done():
			if s.forget(w) {
				return Lease{}, newWaitError(s.r.r.pool, ErrorPutTimeout, ctx)
			}
			<-w.ready
		}
	}
	switch {
	case w.err != nil:
		return Lease{}, w.err
	case w.lease == nil:
		return s.fetch(ctx)
	case ctx.Err() != nil: // the lease came with the end of the context
		w.lease.put()
		return Lease{}, newWaitError(s.r.r.pool, ErrorPutTimeout, ctx)
	}
	return Lease{w.lease}, nil
}

// admit wakes the oldest of those who wait, as many as can be served. lock is held.
func (s *shared) admit() {
	for len(s.waiting) > 0 {
		w := s.waiting[0]
		switch {
		case s.state == sharedEmpty:
			s.state = sharedGetting
		case s.state == sharedHeld && (s.most == 0 || s.users < s.most):
			w.lease = s.newLease()
		default:
			return
		}
		s.waiting = s.waiting[1:]
		w.wake()
	}
}

func (w *sharer) wake() {
	w.woken = true
	close(w.ready)
}

func (s *shared) newLease() *lease {
	s.users++
	return &lease{of: s, generation: s.generation}
}

// forget takes a sharer out of the queue; false if it has been woken.
func (s *shared) forget(w *sharer) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	if w.woken {
		return false
	}
	for i, x := range s.waiting {
		if x == w {
			s.waiting = append(s.waiting[:i:i], s.waiting[i+1:]...)
			break
		}
	}
	return true
}

// fetch gets the resource, for its caller and for those who wait. If that fails because of the
// caller's context, or ends in a panic, the next one tries; any other failure is theirs too.
func (s *shared) fetch(ctx context.Context) (l Lease, err error) {
	err = errGoexit
	defer func() {
		s.lock.Lock()
		defer s.lock.Unlock()
		if err == nil {
			s.state, s.users, s.generation = sharedHeld, 0, s.r.Generation()
			l = Lease{s.newLease()}
		} else {
			s.state = sharedEmpty
			if ctx.Err() == nil && err != errGoexit {
				s.failAll(err)
			}
		}
		s.admit()
	}()
	err = s.r.GetContext(ctx)
	return l, err
}

func (s *shared) failAll(err error) {
	for _, w := range s.waiting {
		w.err = err
		w.wake()
	}
	s.waiting = nil
}

// leave ends a lease and reports whether it was the last of its generation, and
// whether that is to be released. lock is held.
func (l *lease) leave() (last, retired bool) {
	s := l.of
	l.over = true
	s.users--
	retired = s.state == sharedRetired
	if s.users > 0 {
		s.admit()
		return false, retired
	}
	if !retired && len(s.waiting) > 0 {
		s.admit()
		return false, false
	}
	return true, retired
}

func (l *lease) put() {
	if l != nil {
		_ = l.end(false) // the resource keeps the error
	}
}

func (l *lease) release() error {
	if l == nil {
		return nil
	}
	return l.end(true)
}

// end is put or release. While the resource is put or released the state says that
// somebody is at it, so that the next Get of it comes after that.
func (l *lease) end(retire bool) (err error) {
	s := l.of
	s.lock.Lock()
	if l.over {
		s.lock.Unlock()
		return nil
	}
	if retire {
		s.state = sharedRetired
	}
	last, retired := l.leave()
	if last {
		s.state = sharedGetting
	}
	s.lock.Unlock()
	if !last {
		return nil
	}
	defer func() { // also if a Release panics
		s.lock.Lock()
		s.state = sharedEmpty
		s.admit()
		s.lock.Unlock()
	}()
	if retired {
		_, err = s.r.ReleaseGeneration(l.generation)
	} else {
		s.r.PutGeneration(l.generation)
	}
	return err
}
