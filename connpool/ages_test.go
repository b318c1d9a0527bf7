package connpool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// openAt says at which second after its last Put, or after its dial, the only
// connection of p was closed.
func closedAfter(t *testing.T, n *fakeNet, most time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	for time.Since(began) < most {
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
		if _, open := n.count(); open == 0 {
			return time.Since(began)
		}
	}
	t.Fatalf("open after %v", most)
	return 0
}

func TestIdleTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 4, func(p *Pool) { p.IdleTimeout = 8 * time.Second })
		c := get(t, p, "x:1")
		time.Sleep(time.Hour) // in use: not idle
		c.Put()
		if d := closedAfter(t, n, time.Minute); d < 8*time.Second || d > 10*time.Second {
			t.Errorf("closed after %v, want 8 to 10 s", d)
		}
		if st := p.Stats(); st.Closed.Idle != 1 {
			t.Errorf("%+v", st)
		}
	})
}

func TestIdleTimeoutBeginsAnewWithEachUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 4, func(p *Pool) { p.IdleTimeout = 8 * time.Second })
		for range 100 {
			get(t, p, "x:1").Put()
			time.Sleep(7 * time.Second)
		}
		if dials, _ := n.count(); dials != 1 {
			t.Errorf("%d dials, want 1", dials)
		}
	})
}

func TestIdleTimeoutOfTheOldestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 4, func(p *Pool) { p.IdleTimeout = 8 * time.Second })
		a, b := get(t, p, "x:1"), get(t, p, "x:1")
		a.Put()
		b.Put()
		for range 10 { // the newest is used, the other is not
			time.Sleep(2 * time.Second)
			get(t, p, "x:1").Put()
		}
		if dials, open := n.count(); dials != 2 || open != 1 {
			t.Errorf("%d dials, %d open, want 2, 1", dials, open)
		}
	})
}

func TestMaxLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 4, func(p *Pool) { p.MaxLifetime = 100 * time.Second })
		var least, most time.Duration = time.Hour, 0
		for range 50 {
			get(t, p, "x:1").Put()
			d := closedAfter(t, n, time.Hour)
			least, most = min(least, d), max(most, d)
		}
		if least < 90*time.Second || most > 100*time.Second || most-least < 2*time.Second {
			t.Errorf("closed after %v to %v, want various times from 90 to 100 s", least, most)
		}
		if st := p.Stats(); st.Closed.Lifetime != 50 {
			t.Errorf("%+v", st)
		}
	})
}

func TestMaxLifetimeOfOneInUseEndsAtItsPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 4, func(p *Pool) { p.MaxLifetime = 100 * time.Second })
		c := get(t, p, "x:1")
		time.Sleep(time.Hour)
		if _, open := n.count(); open != 1 {
			t.Fatal("closed under its user")
		}
		c.Put()
		if _, open := n.count(); open != 0 {
			t.Fatal("not closed at its Put")
		}
	})
}

func TestNoTimerWithoutConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := fakePool(t, 4, func(p *Pool) { p.IdleTimeout, p.Backoff = time.Second, &Backoff{} })
		armed := func() bool {
			a := &p.body.p.Load().ages
			a.mu.Lock()
			defer a.mu.Unlock()
			return !a.due.IsZero()
		}
		get(t, p, "x:1").Put()
		if !armed() {
			t.Error("no timer with a connection")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if armed() {
			t.Error("a timer without a connection")
		}
	})
}

// A bubble that ended took its timer with it.
func TestTimerOfABubbleThatEnded(t *testing.T) {
	n := &fakeNet{}
	p := &Pool{Slots: fakeSlots(4), DialFunc: n.dial, IdleTimeout: 8 * time.Millisecond}
	synctest.Test(t, func(t *testing.T) { get(t, p, "x:1").Put() })
	get(t, p, "y:1").Put()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, open := n.count(); open == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("never closed")
		}
	}
	wantAllClosed(t, p, n)
}

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 4, func(p *Pool) { p.Backoff = &Backoff{Base: time.Second, Max: 5 * time.Second, Factor: 2, Jitter: -1} })
		n.on = func(context.Context, string) error { return errFake }
		dials := 0
		for i, want := range []time.Duration{1, 2, 4, 5, 5} {
			_, err := p.Get(t.Context(), "tcp", "x:1")
			dials++
			wantIs(t, "Get that dials", err, errFake)
			var b *BackoffError
			if errors.As(err, &b) {
				t.Fatalf("dial %d: %v", i, err)
			}
			began := time.Now()
			for _, verb := range []func() error{
				func() error { _, err := p.Get(t.Context(), "tcp", "x:1"); return err },
				func() error { _, err := p.DialContext(t.Context(), "tcp", "x:1"); return err },
				func() error { return p.Warm(t.Context(), "tcp", "x:1", 1) },
			} {
				err := verb()
				if !errors.As(err, &b) || b.Address != "x:1" || b.Err != errFake || !b.Next.Equal(began.Add(want*time.Second)) {
					t.Fatalf("after %d dials: %v, want a BackoffError for %v s", i+1, err, want)
				}
				if !strings.Contains(err.Error(), "x:1") || time.Now() != began {
					t.Errorf("%v after %v", err, time.Since(began))
				}
			}
			time.Sleep(want * time.Second)
		}
		if d, _ := n.count(); d != dials {
			t.Errorf("%d dials, want %d", d, dials)
		}
		n.on = nil
		get(t, p, "x:1").Close() // a success ends it
		n.on = func(context.Context, string) error { return errFake }
		_, _ = p.Get(t.Context(), "tcp", "x:1")
		time.Sleep(time.Second)
		n.on = nil
		get(t, p, "x:1").Close() // after the first while, not the fourth
	})
}

func TestBackoffOfABurstCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 8, func(p *Pool) { p.Backoff = &Backoff{Jitter: -1} })
		n.on = func(context.Context, string) error { time.Sleep(time.Second); return errFake }
		for range 8 {
			go p.Get(t.Context(), "tcp", "x:1")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		time.Sleep(time.Second) // the first while
		n.on = nil
		get(t, p, "x:1").Close()
	})
}

func TestBackoffLetsIdleConnectionsBeUsed(t *testing.T) {
	p, n := fakePool(t, 8, func(p *Pool) { p.Backoff = &Backoff{} })
	c := get(t, p, "x:1")
	n.on = func(context.Context, string) error { return errFake }
	_, err := p.Get(patient(t), "tcp", "x:1")
	wantIs(t, "Get", err, errFake)
	c.Put()
	get(t, p, "x:1").Put()
}

func TestBackoffForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 4, func(p *Pool) { p.Backoff = &Backoff{} })
		n.on = func(context.Context, string) error { return errFake }
		remembered := func() (all int) {
			hosts := &p.body.p.Load().hosts
			for i := range hosts.shards {
				s := &hosts.shards[i]
				s.mu.Lock()
				all += len(s.failing.hosts)
				s.mu.Unlock()
			}
			return all
		}
		const many = 20_000
		for i := range many {
			_, _ = p.Get(t.Context(), "tcp", fmt.Sprint("x:", i))
		}
		if got := remembered(); got < 512 || got > 1024 {
			t.Errorf("%d failures are remembered, want 1024 at most, and most of them", got)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := remembered(); got != 0 {
			t.Errorf("%d failures are remembered after an hour", got)
		}
		if d, _ := n.count(); d != many {
			t.Errorf("%d dials, want %d", d, many)
		}
	})
}

func TestBackoffDelays(t *testing.T) {
	b := (&Backoff{}).withDefaults()
	for n, want := range map[int]float64{1: 1, 2: 1.6, 3: 2.56, 20: 120, 5000: 120} {
		least, most := 1e9, 0.0
		for range 1000 {
			d := b.delay(n).Seconds() / want
			least, most = min(least, d), max(most, d)
		}
		if least < 0.799 || most > 1.201 || most-least < 0.3 {
			t.Errorf("failure %d: %.3f to %.3f of %.2f s, want 0.8 to 1.2", n, least, most, want)
		}
	}
}
