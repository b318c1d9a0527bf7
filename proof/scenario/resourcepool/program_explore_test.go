//go:build explore

package resourcepool

import (
	"fmt"
	"strings"

	"github.com/slotpool/slotpool/proof/sched"
)

// program says what users do: a word for each thing, a | between users. The
// first letter is the verb, the second the resource or the user, from a.
//
//	g get, waiting as long as it takes      n get with an immediate canceler
//	c get that others may cancel            t TryGet
//	f F G get whose Allocate fails, panics, ends the goroutine
//	p put what it got (B and D: PutGeneration)  q put twice, as by mistake
//	l release what it got                   r release, whoever has it
//	s schedule a release
//	w renew    W renew, failing             D its next Release panics
//	x cancel user, for ever                 m cancel one Get of a user, if it waits
//	o get with a context that x ends        k what it holds is dead, to its Checker
//	S read the figures                      Z close the pool
//	z. close the pool and wait until nothing is in use
//	M2 set the size to 2                    R2 release 2 idle ones
//	A2 acquire 2 slots                      B2 the same, until x
//	T2 try to                               E free what was acquired
//	U2 set the size of the sub-pool to 2    Y close the sub-pool
//	h. get of the group                     i. the same, until x
//	j. TryGet of the group                  N. its next Allocate fails
//	O. Open of the group
//	u. put a member    v. release it        y. renew it
//	H. lease of the Shared of a             I. the same, until x
//	P. put the lease   Q. put it twice      V. release it
//	J2 set the users of the Shared to 2     K2 move the clock by 2 seconds
//	e get and lend: relief may release it   C end what has overstayed of the group
type program struct {
	name           string
	slots          int
	counts, lists  int // shards; 0: 1
	expert         int // to follow, from 1; 0: the one that the pool begins with
	each           bool
	first          string // what user A does before the others begin
	users          string
	bound          int
	quick, checked bool   // Release never blocks; there is a Checker
	most           uint   // members of the group
	sub            uint   // slots of a sub-pool; 0: none
	inSub          string // which resources are in it
	groupInSub     bool
	shared         bool // there is a Shared, of a
	leases         int  // of it at once; 0: no limit
}

func (pr program) setUp(t *sched.Test) {
	w := &world{t: t, pr: pr, each: pr.each, leases: pr.leases}
	w.p = newExplored(uint(pr.slots), max(pr.counts, 1), max(pr.lists, 1), pr.expert)
	groups := w.p
	if pr.sub > 0 {
		w.sub = w.p.Sub(pr.sub, "")
		if pr.groupInSub {
			groups = w.sub
		}
	}
	w.anybody = strings.Contains(" "+pr.users, " r")
	for n := range pr.named() {
		i := &item{w: w, name: string(rune('a' + n))}
		i.r = w.create(i, n)
		w.items = append(w.items, i)
	}
	w.named = len(w.items)
	w.group = groups.NewGroup("", pr.most, func() AllocateReleaser {
		i := &item{w: w, name: fmt.Sprintf("member %d", len(w.items)-w.named)}
		w.items = append(w.items, i)
		return i.target()
	})
	if pr.shared {
		w.shared = NewShared(w.items[0].r, pr.leases)
	}
	if strings.Contains(" "+pr.first+" "+pr.users, " e") {
		w.watchShortage()
	}
	if strings.Contains(pr.users, "K") {
		t.ClockMoves()
	}
	w.start()
	t.Step(w.checkStep)
	t.End(w.checkEnd)
}

// named is how many resources have a name in the program.
func (pr program) named() int {
	last := 0
	for _, word := range strings.Fields(pr.first + " " + pr.users) {
		if len(word) == 2 && 'a' <= word[1] {
			last = max(last, int(word[1]-'a'))
		}
	}
	return last + 1
}

// start has user A do what is first, and then all users do what the program says.
func (w *world) start() {
	users := strings.Split(w.pr.users, "|")
	for range users {
		w.cancels = append(w.cancels, make(chan struct{}))
		w.closed = append(w.closed, false)
	}
	for n, words := range users {
		u := &user{w: w, name: fmt.Sprintf("user %c", 'A'+n), n: n, has: map[*item]uint32{}}
		if n == 0 {
			u.doAll(w.pr.first)
		}
		w.t.Go(u.name, func() { u.doAll(words) })
	}
}
