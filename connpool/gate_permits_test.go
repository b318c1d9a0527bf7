package connpool

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func newPermits(total uint) *permits {
	p := &permits{}
	p.setTotal(total)
	return p
}

func wantGranted(t *testing.T, what string, w *permit, want bool) {
	t.Helper()
	select {
	case <-w.granted:
		if !want {
			t.Fatalf("%s: granted", what)
		}
	default:
		if want {
			t.Fatalf("%s: not granted", what)
		}
	}
}

// wantUnused waits for the sockets of look-ups that nobody wants any more, which are closed a moment
// after their dial has returned.
func wantUnused(t *testing.T, p *permits) {
	t.Helper()
	testkit.Eventually(t, "no look-up has a socket", func() bool {
		p.lock.Lock()
		defer p.lock.Unlock()
		return p.stray == 0
	})
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.used != 0 || p.slow != 0 || p.stray != 0 || p.lent != 0 || p.patient.Len() != 0 || p.lane.Len() != 0 {
		t.Fatalf("used %d, slow %d, stray %d, lent %d, %d and %d wait; want none",
			p.used, p.slow, p.stray, p.lent, p.patient.Len(), p.lane.Len())
	}
}

func TestPermitsAreGrantedInOrder(t *testing.T) {
	p := newPermits(4)
	a, b, c, d := &permit{n: 2}, &permit{n: 1}, &permit{n: 2}, &permit{n: 1}
	if !p.enter(a) || !p.enter(b) {
		t.Fatal("there is room for two")
	}
	if p.enter(c) || p.enter(d) {
		t.Fatal("one that fits passed one that does not")
	}
	p.end(b)
	wantGranted(t, "the first in the queue", c, true)
	wantGranted(t, "the second", d, false)
	p.end(a)
	wantGranted(t, "the second", d, true)
	p.end(c)
	p.end(d)
	wantUnused(t, p)
}

// TestLentSlotsArePermits: of 100 that wait and stay, half can dial.
func TestLentSlotsArePermits(t *testing.T) {
	const n, total = 100, 4
	p := newPermits(total)
	all := make([]*permit, n)
	for i := range all {
		all[i] = &permit{n: 1}
		if !p.enter(all[i]) {
			p.lend(all[i])
		}
	}
	for left := n; left > 0; {
		var granted []*permit
		for _, w := range all[n-left:] {
			p.lock.Lock()
			if w.place == nil {
				granted = append(granted, w)
			}
			p.lock.Unlock()
		}
		if want := min(left, (left+total)/2); len(granted) != want {
			t.Fatalf("%d of %d dial at once, want %d", len(granted), left, want)
		}
		// Two sockets for each that dials, one slot for each that is here.
		if sockets, slots := 2*len(granted), left+total; sockets > slots {
			t.Fatalf("%d sockets in %d slots and permits", sockets, left)
		}
		for _, w := range granted {
			p.lock.Lock() // so that no grant is made until all have ended
			w.over = true
			p.giveBack(w, w.n)
			p.lock.Unlock()
		}
		left -= len(granted)
		p.lock.Lock()
		p.admit()
		p.lock.Unlock()
	}
	wantUnused(t, p)
}

// TestLastLenderNeedsItsSlotItself: it is not granted a permit that it lends.
func TestLastLenderNeedsItsSlotItself(t *testing.T) {
	p := newPermits(2)
	first, last := &permit{n: 2}, &permit{n: 1}
	p.enter(first)
	p.enter(last)
	p.lend(last)
	wantGranted(t, "beside one that has all", last, false)
	p.end(first)
	wantGranted(t, "alone", last, true)
	p.end(last)
	wantUnused(t, p)
}

// TestLookupLeftBehindKeepsItsPermits until its sockets are closed.
func TestLookupLeftBehindKeepsItsPermits(t *testing.T) {
	p := newPermits(2)
	first := &permit{n: 1}
	p.enter(first)
	a, b := p.opened(first), p.opened(first)
	if a != first || b != first || (p.used+p.stray) != 1 {
		t.Fatalf("%d permits for two sockets of which the slot is one", (p.used + p.stray))
	}
	p.end(first)
	second := &permit{n: 1}
	if p.enter(second) {
		t.Fatal("granted, though two sockets are open without a slot")
	}
	p.closed(a)
	wantGranted(t, "one socket closed", second, true)
	p.closed(b)
	p.end(second)
	stray := p.opened(second)
	if stray != nil || (p.used+p.stray) != 1 {
		t.Fatalf("a look-up that nobody waits for has %d permits, want 1", (p.used + p.stray))
	}
	p.closed(stray)
	wantUnused(t, p)
}

// TestPermitForWhatCannotBeSeen is two until a socket is seen.
func TestPermitForWhatCannotBeSeen(t *testing.T) {
	p := newPermits(2)
	first, second := &permit{n: 2}, &permit{n: 1}
	p.enter(first)
	p.enter(second)
	wantGranted(t, "unseen", second, false)
	s := p.opened(first)
	wantGranted(t, "seen", second, true)
	p.closed(s)
	p.end(first)
	p.end(second)
	wantUnused(t, p)
}

// TestSlowNamesHaveAQuarter and let others pass.
func TestSlowNamesHaveAQuarter(t *testing.T) {
	p := newPermits(16)
	var slow []*permit
	for range 10 {
		slow = append(slow, &permit{n: 1, slow: true})
		p.enter(slow[len(slow)-1])
	}
	if p.used != 4 {
		t.Fatalf("slow names have %d of 16 permits, want 4", p.used)
	}
	var others []*permit
	for range 12 {
		others = append(others, &permit{n: 1})
		if !p.enter(others[len(others)-1]) {
			t.Fatal("a name that is not slow has to wait")
		}
	}
	for _, w := range append(slow, others...) {
		wantGranted(t, "in the end", w, true)
		p.end(w)
	}
	wantUnused(t, p)
}

// TestOneSlowNameAlwaysDials, also where a quarter is less than it needs.
func TestOneSlowNameAlwaysDials(t *testing.T) {
	p := newPermits(leastPermits)
	a, b := &permit{n: 2, slow: true}, &permit{n: 2, slow: true}
	if !p.enter(a) || p.enter(b) {
		t.Fatal("one at a time is what there is room for")
	}
	p.end(a)
	wantGranted(t, "the second", b, true)
	p.end(b)
	wantUnused(t, p)
}

// TestGrantToAWaiterThatLeavesGoesToTheNext, whichever of the two is first.
func TestGrantToAWaiterThatLeavesGoesToTheNext(t *testing.T) {
	p := newPermits(2)
	first, leaver, next := &permit{n: 2}, &permit{n: 2}, &permit{n: 2}
	p.enter(first)
	p.enter(leaver)
	p.enter(next)
	p.end(first)
	wantGranted(t, "the leaver", leaver, true)
	p.leave(leaver) // it has not seen the grant
	wantGranted(t, "the next", next, true)
	p.end(next)
	wantUnused(t, p)
}

// TestStressPermits enters, leaves, lends and opens at random; all come to an
// end, and nothing is left.
func TestStressPermits(t *testing.T) {
	p := newPermits(3)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				w := &permit{n: 1 + uint(rand.IntN(2)), slow: rand.IntN(3) == 0}
				if !p.enter(w) {
					switch rand.IntN(3) {
					case 0:
						p.leave(w)
						continue
					case 1:
						p.lend(w)
					}
					<-w.granted
				}
				a, b := p.opened(w), p.opened(w)
				p.closed(a)
				p.end(w)
				p.closed(b)
			}
		})
	}
	wg.Wait()
	wantUnused(t, p)
}

// TestPermitLapsesAsItsDialEnds: it is given back once, whichever is first.
func TestPermitLapsesAsItsDialEnds(t *testing.T) {
	p := newPermits(4)
	for _, give := range [][2]func(w *permit){
		{p.end, (*permit).Lapsed},
		{(*permit).Lapsed, p.end},
	} {
		w := &permit{of: p, n: 2}
		if !p.enter(w) {
			t.Fatal("there is room")
		}
		give[0](w)
		give[1](w)
		wantUnused(t, p)
	}
}

// TestPermitAtOncePassesNobody: who comes while others wait stands behind them, also if it fits.
func TestPermitAtOncePassesNobody(t *testing.T) {
	p := newPermits(4)
	a, slow, b := &permit{n: 4}, &permit{n: 2, slow: true}, &permit{n: 1}
	if !p.enter(a) || p.enter(slow) {
		t.Fatal("there is room for one")
	}
	p.lock.Lock()
	p.total++ // as setTotal does before it admits
	p.lock.Unlock()
	if p.enter(b) {
		t.Fatal("passed one of the lane")
	}
	p.end(a)
	wantGranted(t, "the one of the lane", slow, true)
	wantGranted(t, "the other", b, true)
	p.end(slow)
	p.end(b)
	wantUnused(t, p)
}

// TestRaisedLimitIsSeenByWhoWouldWait, though it was looked at a moment before.
func TestRaisedLimitIsSeenByWhoWouldWait(t *testing.T) {
	g := newGate()
	holder := &permit{of: &g.permits, n: leastPermits}
	if !g.permits.enter(holder) {
		t.Fatal("there is room")
	}
	g.limitSeen.Store(int64(time.Since(start)))
	w := &permit{of: &g.permits, n: leastPermits}
	immediate := &canceler{ctx: t.Context(), looked: true, spoken: true, immediate: true}
	if err := g.enter(w, immediate); err != nil {
		t.Error(err)
	}
	g.permits.end(w)
	g.permits.end(holder)
	wantUnused(t, &g.permits)
}
