package connpool

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// A search for a victim is no use of what it passes, though it takes marks off it and
// counts uses out of its word.
func TestIdleTimeoutActsWhileOthersAreEvicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 3, func(p *Pool) { p.IdleTimeout = 8 * time.Second })
		n.on = func(_ context.Context, address string) error {
			if address == "dear:1" {
				time.Sleep(time.Second) // so that eviction spares it
			}
			return nil
		}
		for range 4 {
			get(t, p, "dear:1").Put()
		}
		began := time.Now()
		for i := 0; p.Stats().Closed.Idle == 0; i++ {
			time.Sleep(700 * time.Millisecond)
			get(t, p, fmt.Sprint("cheap:", i%20)).Put()
			if time.Since(began) > 10*time.Second {
				t.Fatalf("not closed after %v: %+v", time.Since(began), p.Stats())
			}
		}
		if d := time.Since(began); d < 8*time.Second || p.Stats().Closed.Evicted == 0 {
			t.Errorf("closed after %v: %+v", d, p.Stats())
		}
	})
}

// held is a target whose Release waits.
type held struct{ release chan struct{} }

func (held) Allocate() error  { return nil }
func (h held) Release() error { <-h.release; return nil }

// A victim that is called off before its Release has been idle all the time, also if the
// ager looked while it was claimed.
func TestIdleTimeoutOfAVictimThatIsCalledOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 2, func(p *Pool) { p.IdleTimeout = 8 * time.Second })
		other := held{make(chan struct{})}
		r := p.Slots.Create(other)
		if err := r.Get(nil); err != nil {
			t.Fatal(err)
		}
		r.Put()
		get(t, p, "x:1").Put()
		began := time.Now()
		time.Sleep(4500 * time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		err := p.Slots.Acquire(ctx, 2) // claims both, and waits for the Release of the other
		wantIs(t, "Acquire", err, resourcepool.ErrorResourceLimitExceeded, context.DeadlineExceeded)
		close(other.release)
		if _, open := n.count(); open != 1 || p.Stats().Idle != 1 {
			t.Fatalf("%d connections are open: %+v", open, p.Stats())
		}
		for p.Stats().Closed.Idle == 0 && time.Since(began) < time.Minute {
			time.Sleep(100 * time.Millisecond)
		}
		if d := time.Since(began); d < 8*time.Second || d > 10*time.Second {
			t.Errorf("closed after %v, want 8 to 10 s", d)
		}
	})
}
