//go:build explore

package resourcepool

import (
	"context"
	"errors"
	"strings"
)

type user struct {
	w    *world
	name string
	n    int
	has  map[*item]uint32 // its generation

	acquired uint
	members  []*Resource
	leases   []Lease
}

// channelContext is over when a channel is closed.
type channelContext struct {
	context.Context
	over chan struct{}
}

func (c channelContext) Done() <-chan struct{} { return c.over }

func (c channelContext) Err() error {
	select {
	case <-c.over:
		return context.Canceled
	default:
		return nil
	}
}

func (u *user) context() context.Context {
	return channelContext{context.Background(), u.w.cancels[u.n]}
}

func (u *user) doAll(words string) {
	for _, word := range strings.Fields(words) {
		u.do(word)
	}
}

// do does one thing. A panic of a callback ends it; any other goes on.
func (u *user) do(word string) {
	defer func() {
		p := recover()
		if p != nil && p != any(errFake) && p != any(errRelease) && !(u.w.anybody && p == "Resource was not gotten") {
			panic(p)
		}
	}()
	verb := word[0]
	if u.doPool(verb, word) || u.doMember(verb) || u.doShared(verb, word) {
		return
	}
	n := int(word[1] - 'a')
	if word[1] < 'a' {
		n = int(word[1] - 'A')
	}
	if u.cancel(verb, n) {
		return
	}
	i := u.w.items[n]
	switch verb {
	case 'k':
		i.dead = true
	case 'g', 'n', 'c', 'f', 'F', 'G', 't', 'o':
		u.get(i, verb)
	case 'l', 'r':
		if _, ok := u.has[i]; !ok && verb == 'l' {
			return
		}
		delete(u.has, i)
		i.owner = ""
		u.check("Release", i.release())
	case 's':
		u.check("ScheduleRelease", i.r.ScheduleRelease())
	case 'D':
		i.dying = true
	case 'e':
		u.lend(i)
	default:
		u.useHeld(i, verb)
	}
}

// cancel does x and m, to user n.
func (u *user) cancel(verb byte, n int) bool {
	switch {
	case verb != 'x' && verb != 'm':
		return false
	case u.w.closed[n]:
	case verb == 'x':
		u.w.closed[n] = true
		close(u.w.cancels[n])
	default:
		select {
		case u.w.cancels[n] <- struct{}{}:
		default:
		}
	}
	return true
}

// release is Release, but for the documented misuse.
func (i *item) release() (err error) {
	defer func() {
		if p := recover(); p != nil && p != "Resource is allocating" {
			panic(p)
		}
	}()
	return i.r.Release()
}

func (u *user) check(what string, err error) {
	if err != nil {
		u.w.t.Fail("%s: %v", what, err)
	}
}

func (u *user) get(i *item, verb byte) {
	if _, ok := u.has[i]; ok {
		return
	}
	if verb == 't' {
		if i.r.TryGet() {
			u.got(i)
		}
		return
	}
	var cancel <-chan struct{}
	switch verb {
	case 'n':
		cancel = MakeImmediateCanceler()
	case 'c':
		cancel = u.w.cancels[u.n]
	}
	var err error
	if verb == 'o' {
		err = i.r.GetContextWith(u.context(), allocator{i, verb})
	} else {
		err = i.r.GetWith(cancel, allocator{i, verb})
	}
	switch {
	case err == nil:
		u.got(i)
	case err == ErrPoolClosed && u.w.shut:
	case verb == 'o' && errors.Is(err, context.Canceled) && u.w.closed[u.n]:
	case err == errFake && verb == 'f':
	case cancel == nil:
		u.w.t.Fail("Get of %s: %v", i.name, err)
	case u.w.each && err != nil:
		u.w.t.Fail("Get of %s with a slot for each user: %v", i.name, err)
	case err != ErrorPutTimeout && err != ErrorResourceLimitExceeded:
		u.w.t.Fail("Get of %s: %v", i.name, err)
	}
}

// got notes whose the resource is. Where anybody may release it, it may be
// somebody else's by now, and only generations tell.
func (u *user) got(i *item) {
	if u.w.anybody {
		u.has[i] = i.generation()
		return
	}
	if i.owner != "" {
		u.w.t.Fail("%s was given what %s has", u.name, i.owner)
	}
	if !i.held {
		u.w.t.Fail("%s was given what is not allocated", u.name)
	}
	i.owner = u.name
	u.has[i] = i.generation()
}

func (u *user) useHeld(i *item, verb byte) {
	generation, ok := u.has[i]
	if !ok {
		return
	}
	mine := u.w.anybody || i.owner == u.name && i.generation() == generation
	if verb == 'w' || verb == 'W' {
		if !mine {
			return
		}
		how := byte('w')
		if verb == 'W' {
			how = 'f'
		}
		delete(u.has, i)
		if u.renew(i, how) {
			u.got(i)
		}
		return
	}
	delete(u.has, i)
	if mine {
		i.owner = ""
	}
	if u.w.anybody || u.n%2 == 1 {
		i.r.PutGeneration(generation)
	} else {
		i.r.Put()
	}
	if verb == 'q' {
		putAgain(i, generation)
	}
}

// renew is Renew, which panics if somebody else has released the resource.
func (u *user) renew(i *item, how byte) bool {
	defer func() {
		if p := recover(); p != nil && (p != "Resource was not gotten" || i.owner == u.name && !u.w.anybody) {
			panic(p)
		}
	}()
	return i.r.Renew(allocator{i, how}) == nil
}

// putAgain puts what is put already: it panics if it is idle still, and must not
// be called if somebody else may have gotten it since.
func putAgain(i *item, generation uint32) {
	defer func() {
		if p := recover(); p != nil && p != "Resource was not gotten" {
			panic(p)
		}
	}()
	i.r.PutGeneration(generation)
}
