package work

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// axes are what a benchmark's name says besides the contender.
type axes struct {
	users, slots, addresses int
	hold                    Hold
	more                    string // further axes, as name=value
}

func (a axes) name(impl string) string {
	parts := []string{
		fmt.Sprintf("users=%d/slots=%d/addresses=%d/hold=%s", a.users, a.slots, a.addresses, a.hold.name),
	}
	if a.more != "" {
		parts = append(parts, a.more)
	}
	return strings.Join(append(parts, "impl="+impl), "/")
}

// Hold is how long a user keeps what it got.
type Hold struct {
	name string
	keep func()
}

var (
	HoldNot   = Hold{"0", func() {}}
	HoldYield = Hold{"yield", runtime.Gosched}
	HoldSleep = Hold{"100us", func() { time.Sleep(100 * time.Microsecond) }}
)

// maker is a Contender for things (S is Shape, P is Pool) or for connections.
type maker[S, P any] interface {
	Name() string
	New(S) P
}

// each runs body for every contender that can make the shape. A pool is made
// at the first run that needs it and serves the repeated runs of its
// benchmark; making it is not measured.
func each[S, P any, C maker[S, P]](b *testing.B, all []C, a axes, s S, body func(*testing.B, P)) {
	for _, c := range rotated(all) {
		var pool P
		b.Run(a.name(c.Name()), func(b *testing.B) {
			if any(pool) == nil {
				if pool = c.New(s); any(pool) == nil {
					b.Skip("does not fit this work")
				}
			}
			b.ReportAllocs()
			body(b, pool)
		})
		closePool(pool)
	}
}

// RotateVariable in the environment says how many contenders give way to the
// others, so that over several processes each of them comes first, and last.
const RotateVariable = "SLOTPOOL_BENCH_ROTATE"

func rotated[C any](all []C) []C {
	n, _ := strconv.Atoi(os.Getenv(RotateVariable)) // 0 if it is not set
	n = max(n, 0) % len(all)
	return slices.Concat(all[n:], all[:n])
}

// shuffled returns 0 to n-1 in an order that is random but always the same.
func shuffled(n int) []int { return rand.New(rand.NewPCG(1, 2)).Perm(n) }

// same returns an order that visits one resource, long enough for the walk's
// own cost to vanish.
func same(i int) []int {
	order := make([]int, 256)
	for k := range order {
		order[k] = i
	}
	return order
}

// walkers runs the walks at once, b.N steps in all.
func walkers(b *testing.B, walks []func(n int)) {
	var done sync.WaitGroup
	b.ResetTimer()
	for i, walk := range walks {
		n := b.N / len(walks)
		if i < b.N%len(walks) {
			n++
		}
		done.Go(func() { walk(n) })
	}
	done.Wait()
}

// batch is how many cycles a user takes from the common budget at once: few,
// so that a fast user does more of them, yet enough to keep the budget's
// counter out of the figures.
const batch = 8

// compete has users cycle at once until b.N cycles are done, and returns how
// many each of them did. A gate, if there is one, holds up their first cycle
// until all have come, and the clock starts when it opens.
func compete(b *testing.B, users int, gate *gate, cycle func(user int)) []int {
	var left atomic.Int64
	left.Store(int64(b.N))
	served := make([]int, users)
	var coming atomic.Int64
	start := make(chan struct{})
	var done sync.WaitGroup
	gate.shut()
	for u := range users {
		done.Go(func() {
			if gate == nil {
				<-start
			}
			coming.Add(1)
			own := 0
			for {
				rest := left.Add(-batch) + batch
				if rest <= 0 {
					break
				}
				for range min(rest, batch) {
					cycle(u)
					own++
				}
			}
			served[u] = own
		})
	}
	if gate != nil {
		for coming.Load() < int64(users) {
			runtime.Gosched()
		}
		time.Sleep(time.Millisecond) // for the last ones to get into the queue
	}
	b.ResetTimer()
	close(start)
	gate.open()
	done.Wait()
	b.StopTimer()
	return served
}

// gate is who has all slots at the start, so that the users of a pool stand in
// its queue before the first is served. Without it, at hold=0, users meet only
// once enough of them were preempted between Get and Put, which is a matter of
// chance and of how long the run is.
type gate struct{ holders []User }

func newGate(p Pool, s Shape) *gate {
	g := new(gate)
	for i := range s.Slots {
		g.holders = append(g.holders, p.User(s.Resources-1-i))
	}
	return g
}

func (g *gate) shut() {
	if g != nil {
		for _, h := range g.holders {
			h.Get()
		}
	}
}

func (g *gate) open() {
	if g != nil {
		for _, h := range g.holders {
			h.Put()
		}
	}
}

// reportFairness says what the least and the most served user got, in percent
// of an equal share. Below a hundred cycles a user it says nothing, as the
// shares are then those of the start.
func reportFairness(b *testing.B, served []int) {
	least, most, sum := served[0], served[0], 0
	for _, n := range served {
		least, most, sum = min(least, n), max(most, n), sum+n
	}
	if sum < 100*len(served) {
		return
	}
	mean := float64(sum) / float64(len(served))
	b.ReportMetric(100*float64(least)/mean, "least-%")
	b.ReportMetric(100*float64(most)/mean, "most-%")
}
