//go:build explore

package resourcepool

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/slotpool/slotpool/proof/linear"
	"github.com/slotpool/slotpool/proof/sched"
)

// groupProgram is a random program of these.
type groupProgram struct {
	slots, shards int
	resources     int
	most          int
	users         []string
}

func randomGroup(seed uint64) (p groupProgram) {
	rng := rand.New(rand.NewPCG(seed, 11))
	p.slots, p.shards, p.most = 1+rng.IntN(3), 1<<rng.IntN(2), rng.IntN(3)
	p.resources = rng.IntN(2)
	for n := range 2 + rng.IntN(3) {
		var words []string
		for range 1 + rng.IntN(3) {
			if n == 0 && p.resources > 0 {
				words = append(words, pick(rng, "g", "g", "t")+"a", "p")
				continue
			}
			if rng.IntN(8) == 0 {
				words = append(words, "N")
			}
			words = append(words, pick(rng, "h", "h", "h", "i", "i", "j"), pick(rng, "u", "u", "u", "u", "v", "y u"))
		}
		p.users = append(p.users, strings.Join(words, " "))
	}
	return p
}

// start makes the pool and gives the goroutines to run. check waits for what goes on
// without them.
func (p groupProgram) start(wait func(done func() bool)) (users []func(), check func() error) {
	w := &groupHistory{
		h:    linear.NewGroup(p.slots, p.resources, p.most),
		p:    newExplored(uint(p.slots), p.shards, 1, 0),
		over: make(chan struct{}),
	}
	for n := range p.resources {
		x := &recorded{h: w.h, number: n}
		x.r = w.p.p.create(x, n%w.p.p.free.Homes())
		w.plain = append(w.plain, x)
	}
	w.g = w.p.NewGroup("", uint(p.most), func() AllocateReleaser {
		w.made++
		return &recordedMember{of: w, number: p.resources + w.made - 1}
	})
	w.line.h, w.line.g = w.h, w.g.g
	var all []*groupUser
	for _, words := range p.users {
		u := &groupUser{w: w, words: words}
		all = append(all, u)
		users = append(users, u.run)
	}
	users = append(users, func() { close(w.over) })
	return users, func() error {
		for _, u := range all {
			if u.err != nil {
				return u.err
			}
		}
		wait(w.g.g.quiet)
		return w.check()
	}
}

func (w *groupHistory) check() error {
	now := w.h.Now()
	for _, x := range w.plain {
		x.end(now)
	}
	for _, m := range *w.g.g.members.Load() {
		m.r.target.(*recordedMember).settle(now)
	}
	return w.h.Check()
}

func (p groupProgram) setUp(t *sched.Test) {
	users, check := p.start(func(func() bool) {})
	for _, u := range users {
		t.Go("user", u)
	}
	t.End(check)
}

func TestExploreGroupHistories(t *testing.T) {
	exploreHistories(t, randomGroup)
}

// TestExploreParallelGroupHistories does the same with real parallelism, and delays in
// the place of choices.
func TestExploreParallelGroupHistories(t *testing.T) {
	sched.Delay(8)
	defer sched.Delay(0)
	end := sched.Spent() + sched.Budget(t)
	n, seed := 0, sched.Seed(t)
	wait := func(done func() bool) {
		for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(10 * time.Microsecond) {
			if time.Now().After(deadline) {
				t.Fatalf("seed %d: an Allocate does not end", seed)
			}
		}
	}
	for ; n == 0 || sched.Spent() < end; seed++ {
		p := randomGroup(seed)
		for range 20 {
			users, check := p.start(wait)
			inParallel(users)
			if err := check(); err != nil {
				t.Fatalf("program %d %+v: %v", seed, p, err)
			}
			n++
		}
	}
	t.Logf("%d histories of %d programs", n, seed-sched.Seed(t))
}
