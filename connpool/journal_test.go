package connpool

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/topk"
)

func TestJournalOfDialsAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 8, func(p *Pool) { p.HoldWarning = time.Hour })
		refused := errors.New("refused")
		n.on = func(ctx context.Context, address string) error {
			time.Sleep(3 * time.Second)
			if address == "bad:1" {
				return refused
			}
			return nil
		}
		c := get(t, p, "good:1")
		time.Sleep(5 * time.Second)
		c.Put()
		get(t, p, "good:1").Put() // an idle one: nothing to tell
		_ = get(t, p, "good:1").Close()
		get(t, p, "good:1").Put()
		if _, err := p.Get(t.Context(), "tcp", "bad:1"); !errors.Is(err, refused) {
			t.Fatal(err)
		}
		times := p.Times()
		if times.Wait.Count() != 3 || times.Wait.Sum != 9*time.Second {
			t.Errorf("waits: %d in %v", times.Wait.Count(), times.Wait.Sum)
		}
		if times.Dial.Count() != 2 || times.Dial.Sum != 6*time.Second || times.DialFailed.Count() != 1 || times.DialFailed.Sum != 3*time.Second {
			t.Errorf("dials: %+v, %+v", times.Dial, times.DialFailed)
		}
		if times.Hold.Count() != 4 || times.Hold.Sum != 5*time.Second {
			t.Errorf("held: %d in %v", times.Hold.Count(), times.Hold.Sum)
		}
		good, bad := AddressCount{"tcp", "good:1", 2, 0}, AddressCount{"tcp", "bad:1", 1, 0}
		b := p.Busiest()
		if len(b.Dials) != 1 || b.Dials[0] != good || len(b.Failed) != 1 || b.Failed[0] != bad || len(b.Waits) != 2 || b.Waits[0] != good || b.Waits[1] != bad {
			t.Errorf("%+v", b)
		}
	})
}

// A dial that the pool cancels says nothing about the address.
func TestCancelledDialIsNoFailureOfTheAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 8, nil)
		n.hang()
		failed := make(chan error)
		go func() {
			_, err := p.Get(context.Background(), "tcp", "x:1")
			failed <- err
		}()
		synctest.Wait()
		_ = p.Close()
		if err := <-failed; !errors.Is(err, ErrClosed) {
			t.Fatal(err)
		}
		synctest.Wait()
		if b := p.Busiest(); len(b.Failed) != 0 {
			t.Errorf("%+v", b.Failed)
		}
		if times := p.Times(); times.DialFailed.Count() != 1 {
			t.Errorf("%d dials ended without a connection", times.DialFailed.Count())
		}
	})
}

func TestRecentClosesAreTheLastHundred(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := fakePool(t, 1, nil)
		if len(p.RecentCloses()) != 0 {
			t.Error("nothing was closed yet")
		}
		for i := range recentCloses + 50 {
			time.Sleep(time.Second)
			get(t, p, fmt.Sprint("a:", i)).Put() // evicts the one before
		}
		_ = get(t, p, fmt.Sprint("a:", recentCloses+49)).Close()
		all := p.RecentCloses()
		if len(all) != recentCloses {
			t.Fatalf("%d closes", len(all))
		}
		if want := (RecentClose{time.Now(), "tcp", fmt.Sprint("a:", recentCloses+49), ClosedByUser}); all[0] != want {
			t.Errorf("the last is %+v, want %+v", all[0], want)
		}
		for i, c := range all[1:] {
			if want := fmt.Sprint("a:", recentCloses+48-i); c.Address != want || c.Why != ClosedEvicted {
				t.Fatalf("close %d from the end is %+v, want %s, evicted", i+1, c, want)
			}
		}
	})
}

func TestJournalIsBounded(t *testing.T) {
	p, _ := fakePool(t, 4, nil)
	for i := range 1000 {
		get(t, p, fmt.Sprint("a:", i)).Put()
	}
	if b := p.Busiest(); len(b.Dials) != topk.Size || len(b.Waits) != topk.Size {
		t.Errorf("%d, %d addresses", len(b.Dials), len(b.Waits))
	}
}

func TestJournalOfABadPoolIsEmpty(t *testing.T) {
	p := &Pool{MaxWaiting: -1}
	if b := p.Busiest(); b.Dials != nil || p.RecentCloses() != nil || p.Times() != (PoolTimes{}) {
		t.Error("it tells something")
	}
}

// A Get whose context ends is told from one whose dial failed.
func TestWaitsThatAreOverAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 1, nil)
		n.on = func(ctx context.Context, address string) error {
			if address == "bad:1" {
				return errors.New("refused")
			}
			return nil
		}
		if _, err := p.Get(t.Context(), "tcp", "bad:1"); err == nil {
			t.Fatal("it dials")
		}
		c := get(t, p, "a:1")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.Get(ctx, "tcp", "b:1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		c.Put()
		if s := p.Stats(); s.Waits != 3 || s.WaitsFailed != 2 || s.WaitsOver != 1 {
			t.Errorf("%+v", s)
		}
	})
}
