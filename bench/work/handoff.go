package work

import "sync"

// handoff is the floor where users wait: slots that go to waiters strictly in
// order of arrival, and no resources, no eviction and no cancelling. Each user
// has a channel of its own to be woken by, made once.
type handoff struct {
	lock   sync.Mutex
	free   int
	oldest *handoffUser
	newest *handoffUser
}

// handoffs is one handoff for all resources, or one for each.
type handoffs []*handoff

func newHandoffs(s Shape) Pool {
	if !s.Exact {
		return handoffs{{free: s.Slots}}
	}
	if s.Slots < s.Resources {
		return nil
	}
	p := make(handoffs, s.Resources)
	for i := range p {
		p[i] = &handoff{free: 1}
	}
	return p
}

func (p handoffs) User(i int) User {
	return &handoffUser{of: p[i%len(p)], turn: make(chan struct{}, 1)}
}

func (p handoffs) Walk(order []int) func(n int) {
	list := make([]User, len(order))
	for i, k := range order {
		list[i] = p.User(k)
	}
	return func(n int) {
		for i := range n {
			list[i%len(list)].Get()
			list[i%len(list)].Put()
		}
	}
}

type handoffUser struct {
	of   *handoff
	turn chan struct{}
	next *handoffUser
}

func (u *handoffUser) Get() {
	h := u.of
	h.lock.Lock()
	if h.free > 0 {
		h.free--
		h.lock.Unlock()
		return
	}
	if h.oldest == nil {
		h.oldest = u
	} else {
		h.newest.next = u
	}
	h.newest = u
	h.lock.Unlock()
	<-u.turn
}

func (u *handoffUser) Put() {
	h := u.of
	h.lock.Lock()
	heir := h.oldest
	if heir == nil {
		h.free++
		h.lock.Unlock()
		return
	}
	h.oldest, heir.next = heir.next, nil
	h.lock.Unlock()
	heir.turn <- struct{}{}
}
