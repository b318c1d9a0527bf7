//go:build explore

package resourcepool

import (
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/proof/linear"
	"github.com/slotpool/slotpool/proof/sched"
)

// recorded is a resource whose history is kept. Whoever has it, or calls it, writes
// the plain fields.
type recorded struct {
	h      *linear.History
	number int
	r      *Resource

	ready    int64        // when its last Allocate returned
	left     atomic.Int64 // when its last Release returned; 0 if its end is on record
	releases atomic.Int64 // calls of Release so far
}

// dial is an Allocate that notes when it was called.
type dial struct {
	of            *recorded
	fails         bool
	entered, left int64
}

func (d *dial) Allocate() error {
	d.entered = d.of.h.Now()
	d.of.end(d.entered)
	sched.Yield()
	defer func() { d.left = d.of.h.Now() }()
	if d.fails {
		return errFake
	}
	d.of.ready = d.of.h.Now()
	return nil
}

func (x *recorded) Allocate() error { panic("each Get brings its own") }

func (x *recorded) Release() error {
	x.releases.Add(1)
	x.h.Add(linear.Begin, x.number, x.ready, x.h.Now())
	sched.Yield()
	x.left.Store(x.h.Now())
	return nil
}

// end records that the slot of the last release was free by now.
func (x *recorded) end(by int64) {
	if left := x.left.Load(); left != 0 && left < by && x.left.CompareAndSwap(left, 0) {
		x.h.Add(linear.End, x.number, left, by)
	}
}

// linearUser runs the words of a program: g n c t f p l s, as program has them.
func linearUser(all []*recorded, cancel chan struct{}, words string) func() {
	return func() {
		has := map[*recorded]uint32{}
		for _, word := range strings.Fields(words) {
			x := all[word[1]-'a']
			generation, mine := has[x]
			switch verb := word[0]; {
			case strings.IndexByte("gncft", verb) >= 0 && !mine:
				if recordGet(x, verb, cancel) {
					has[x] = x.r.Generation()
				}
			case verb == 'p' && mine, verb == 'l' && mine:
				delete(has, x)
				giveBack(x, generation, verb)
			case verb == 's':
				_ = x.r.ScheduleRelease()
			}
		}
	}
}

// giveBack puts or releases. A release that began before another Get could have
// the resource again was this one, whose slot is free when it returns.
func giveBack(x *recorded, generation uint32, verb byte) {
	before, call := x.releases.Load(), x.h.Now()
	if verb == 'p' {
		x.r.PutGeneration(generation)
	} else {
		_, _ = x.r.ReleaseGeneration(generation)
	}
	ret := x.h.Now()
	x.h.Add(linear.Put, x.number, call, ret)
	if verb == 'l' && x.releases.Load() == before+1 {
		x.end(ret)
	}
}

func recordGet(x *recorded, verb byte, cancel chan struct{}) bool {
	d := &dial{of: x, fails: verb == 'f'}
	call := x.h.Now()
	var err error
	switch verb {
	case 't':
		if !x.r.TryGet() {
			return false
		}
	case 'n':
		err = x.r.GetWith(MakeImmediateCanceler(), d)
	case 'c':
		err = x.r.GetWith(cancel, d)
	default:
		err = x.r.GetWith(nil, d)
	}
	ret := x.h.Now()
	if d.entered != 0 {
		x.h.Add(linear.Open, x.number, call, d.entered)
		kind := linear.Opened
		if err != nil {
			kind = linear.Failed
		}
		x.h.Add(kind, x.number, d.left, ret)
	} else if err == nil {
		x.h.Add(linear.Reuse, x.number, call, ret)
	}
	x.h.AddGet(x.number, call, ret, err != nil && d.entered == 0, verb == 'c')
	return err == nil
}

// linearProgram is a random program of the verbs that have a history.
type linearProgram struct {
	slots, shards int
	resources     int
	users         []string
}

func randomLinear(seed uint64) (p linearProgram) {
	rng := rand.New(rand.NewPCG(seed, 7))
	p.resources = 1 + rng.IntN(3)
	p.slots, p.shards = 1+rng.IntN(2), 1<<rng.IntN(2)
	for range 2 + rng.IntN(2) {
		var words []string
		for range 1 + rng.IntN(3) {
			r := string(rune('a' + rng.IntN(p.resources)))
			words = append(words, pick(rng, "g", "g", "n", "n", "c", "t", "f")+r, pick(rng, "p", "p", "p", "l", "s")+r, "p"+r)
		}
		p.users = append(p.users, strings.Join(words, " "))
	}
	return p
}

// start makes the pool and gives the goroutines to run.
func (p linearProgram) start(h *linear.History) (users []func(), check func() error) {
	pool := newExplored(uint(p.slots), p.shards, 1, 0)
	var all []*recorded
	for n := range p.resources {
		x := &recorded{h: h, number: n}
		x.r = pool.p.create(x, n%pool.p.free.Homes())
		all = append(all, x)
	}
	cancel := make(chan struct{})
	for _, words := range p.users {
		users = append(users, linearUser(all, cancel, words))
	}
	users = append(users, func() { close(cancel) })
	return users, func() error {
		for _, x := range all {
			x.end(h.Now())
		}
		return h.Check()
	}
}

func (p linearProgram) setUp(t *sched.Test) {
	users, check := p.start(linear.New(p.slots))
	for _, u := range users {
		t.Go("user", u)
	}
	t.End(check)
}

func TestExploreHistories(t *testing.T) {
	exploreHistories(t, randomLinear)
}

// exploreHistories explores the programs that random makes of seeds, each for a short time.
func exploreHistories[P interface{ setUp(*sched.Test) }](t *testing.T, random func(seed uint64) P) {
	t.Helper()
	end := sched.Spent() + sched.Budget(t)
	n, seed := 0, sched.Seed(t)
	for ; n == 0 || sched.Spent() < end; seed++ {
		p := random(seed)
		rep, f := sched.Explore(p.setUp, sched.Options{For: 20 * time.Millisecond, NoSearch: true, Seed: seed * 1000})
		n += rep.Schedules
		if f != nil {
			t.Fatalf("program %d %+v: %v", seed, p, f)
		}
	}
	t.Logf("%d histories of %d programs", n, seed-sched.Seed(t))
}

// TestExploreParallelHistories does the same with real parallelism, and delays in
// the place of choices.
func TestExploreParallelHistories(t *testing.T) {
	sched.Delay(8)
	defer sched.Delay(0)
	end := sched.Spent() + sched.Budget(t)
	n, seed := 0, sched.Seed(t)
	for ; n == 0 || sched.Spent() < end; seed++ {
		p := randomLinear(seed)
		for range 20 {
			users, check := p.start(linear.New(p.slots))
			inParallel(users)
			if err := check(); err != nil {
				t.Fatalf("program %d %+v: %v", seed, p, err)
			}
			n++
		}
	}
	t.Logf("%d histories of %d programs", n, seed-sched.Seed(t))
}

func inParallel(users []func()) {
	done := make(chan struct{})
	for _, u := range users {
		go func() {
			defer func() { done <- struct{}{} }()
			u()
		}()
	}
	for range users {
		<-done
	}
}
