package lapse

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestMain(m *testing.M) { os.Exit(testkit.Run(m)) }

// thing notes when it lapsed.
type thing struct {
	Item
	q      *Queue
	lapsed time.Time
	then   func()
}

func (t *thing) Lapsed() {
	t.lapsed = time.Now()
	if t.then != nil {
		t.then()
	}
}

// asOutside has the bubbles of the test take the way of real time.
func asOutside(t *testing.T) {
	before := bubbled
	bubbled = func(time.Time) bool { return false }
	t.Cleanup(func() { bubbled = before })
}

func begin(q *Queue) *thing {
	t := &thing{q: q}
	q.Add(&t.Item, t)
	return t
}

// TestEachLapsesInItsTime, and what was removed never does, whichever that is.
func TestEachLapsesInItsTime(t *testing.T) {
	t.Run("bubbled", eachLapses)
	asOutside(t)
	t.Run("outside", eachLapses)
}

func eachLapses(t *testing.T) {
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			const patience = 10 * time.Second
			rng := rand.New(rand.NewPCG(1, seed))
			q := New(patience)
			began := map[*thing]time.Time{}
			var in, removed []*thing
			for range 100 {
				time.Sleep(time.Duration(rng.Int64N(int64(3 * time.Second))))
				if rng.IntN(3) > 0 {
					x := begin(q)
					began[x] = time.Now()
					in = append(in, x)
				} else if len(in) > 0 {
					i := rng.IntN(len(in))
					synctest.Wait()
					if in[i].lapsed.IsZero() {
						removed = append(removed, in[i])
						in = slices.Delete(in, i, i+1)
						q.Remove(&removed[len(removed)-1].Item)
					}
				}
			}
			time.Sleep(2 * patience)
			synctest.Wait()
			for _, x := range in {
				if took := x.lapsed.Sub(began[x]); took != patience {
					t.Fatalf("lapsed after %v", took)
				}
			}
			for _, x := range removed {
				if !x.lapsed.IsZero() {
					t.Fatal("one that was removed lapsed")
				}
			}
			if q.oldest != nil || q.newest != nil {
				t.Fatal("something is left")
			}
		})
	}
}

// TestTimerIsSetAgainAfterARest: that of an earlier one found nothing.
func TestTimerIsSetAgainAfterARest(t *testing.T) {
	asOutside(t)
	synctest.Test(t, func(t *testing.T) {
		q := New(time.Second)
		for range 3 {
			gone := begin(q)
			q.Remove(&gone.Item)
			q.Remove(&gone.Item) // twice is once
			time.Sleep(time.Second / 2)
			x := begin(q)
			time.Sleep(time.Second)
			synctest.Wait()
			if x.lapsed.IsZero() || !gone.lapsed.IsZero() {
				t.Fatal(x.lapsed, gone.lapsed)
			}
			time.Sleep(time.Hour)
		}
	})
}

// TestRemovedTwiceIsRemovedOnce: the second time it takes nothing along.
func TestRemovedTwiceIsRemovedOnce(t *testing.T) {
	asOutside(t)
	synctest.Test(t, func(t *testing.T) {
		q := New(time.Second)
		all := [...]*thing{begin(q), begin(q), begin(q)}
		q.Remove(&all[1].Item)
		q.Remove(&all[1].Item)
		time.Sleep(time.Second)
		synctest.Wait()
		for i, x := range all {
			if lapsed := !x.lapsed.IsZero(); lapsed != (i != 1) {
				t.Fatal(i, lapsed)
			}
		}
	})
}

// TestQueueOfManyBubbles: each has a clock of its own, which begins at the same time as the others',
// and a timer of one ends with it. Between them, and meanwhile, the time is the real one.
func TestQueueOfManyBubbles(t *testing.T) {
	const patience = time.Hour
	q := New(patience)
	outside := begin(q)
	for range 3 {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(patience)
			x := begin(q)
			time.Sleep(patience)
			synctest.Wait()
			if x.lapsed.IsZero() {
				t.Fatal("did not lapse")
			}
			y := begin(q) // goes down with the bubble
			q.Remove(&y.Item)
		})
	}
	if !outside.lapsed.IsZero() || q.oldest != &outside.Item || q.newest != q.oldest {
		t.Fatal("that of outside lapsed, or is not the only one left")
	}
	q.Remove(&outside.Item)
	done := make(chan struct{})
	soon := New(time.Millisecond)
	x := &thing{q: soon, then: func() { close(done) }}
	soon.Add(&x.Item, x)
	<-done
}

// TestLapsedMayUseTheQueue: no lock is held.
func TestLapsedMayUseTheQueue(t *testing.T) {
	asOutside(t)
	synctest.Test(t, func(t *testing.T) {
		q := New(time.Second)
		var again *thing
		x := &thing{q: q}
		x.then = func() {
			q.Remove(&x.Item)
			again = begin(q)
		}
		q.Add(&x.Item, x)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if again == nil || again.lapsed.Sub(x.lapsed) != time.Second {
			t.Fatal(again)
		}
	})
}

func TestAddAndRemoveAllocateNothing(t *testing.T) {
	q := New(time.Hour)
	x := begin(q)
	if n := testing.AllocsPerRun(100, func() {
		q.Remove(&x.Item)
		q.Add(&x.Item, x)
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
