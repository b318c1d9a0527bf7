package connpool

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// wantText wants an error of one line that says all this.
func wantText(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q does not say %q", err, text)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("%q has more than one line", err)
	}
}

func TestDialContextWithoutASlotNamesDialTimeoutAndThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := fakePool(t, 1, func(p *Pool) {
			p.Slots, p.DialTimeout = resourcepool.New(1, "redis"), 2*time.Second
		})
		c := get(t, p, "x:1")
		defer c.Put()
		_, err := p.DialContext(t.Context(), "tcp", "y:1")
		wantIs(t, "DialContext", err, context.DeadlineExceeded, resourcepool.ErrorResourceLimitExceeded)
		wantText(t, err, `1 of 1 slots of "redis" taken`, "no slot within DialTimeout 2s")
		var n net.Error
		if !errors.As(err, &n) || !n.Timeout() {
			t.Error("not a time-out")
		}
		if s := p.Stats(); s.Waits != 2 || s.WaitsFailed != 1 || s.WaitsOver != 1 {
			t.Errorf("%+v", s)
		}
		if times := p.Times(); times.Wait.Count() != 2 {
			t.Errorf("%d waits", times.Wait.Count())
		}
	})
}

func TestDialFuncThatSaysOnlyDeadlineExceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 1, func(p *Pool) { p.DialTimeout = 2 * time.Second })
		n.on = func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
		_, byGet := p.Get(t.Context(), "tcp", "x:1")
		_, byDial := p.DialContext(t.Context(), "tcp", "x:1")
		for _, err := range []error{byGet, byDial} {
			wantIs(t, "dial", err, context.DeadlineExceeded)
			wantText(t, err, "context deadline exceeded (DialTimeout is 2s)")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.DialContext(ctx, "tcp", "x:1"); strings.Contains(err.Error(), "DialTimeout") {
			t.Errorf("the context ended it, and not %v", err)
		}
		n.on = func(ctx context.Context, _ string) error { <-ctx.Done(); return context.Cause(ctx) }
		_, err := p.Get(t.Context(), "tcp", "x:1")
		wantText(t, err, "DialTimeout 2s has passed")
	})
}

func TestWaitForADialThatHangsSaysDialling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 1, nil)
		n.on = func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := p.Get(ctx, "tcp", "x:1")
		wantText(t, err, "timed out while dialling")
		time.Sleep(time.Minute) // the dial goes on without it
	})
}

func TestLimitsThatWereMetAreNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := fakePool(t, 8, func(p *Pool) { p.MaxPerAddress, p.MaxWaiting = 1, 1 })
		c := get(t, p, "x:1")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		waits := make(chan error)
		go func() { _, err := p.Get(ctx, "tcp", "x:1"); waits <- err }()
		synctest.Wait()
		_, err := p.Get(t.Context(), "tcp", "x:1")
		wantIs(t, "Get", err, ErrTooManyWaiting)
		wantText(t, err, "MaxWaiting is 1")
		wantText(t, <-waits, "(1 connection to it is open) (MaxPerAddress is 1)")
		wantText(t, p.Warm(t.Context(), "tcp", "x:1", 1), "MaxPerAddress is 1", "1 of 8 slots are taken")
		c.Put()
	})
}

func TestWarmWithoutASlotSaysOnceHowFullThePoolIs(t *testing.T) {
	p, _ := fakePool(t, 2, nil)
	err := p.Warm(patient(t), "tcp", "x:1", 5)
	wantIs(t, "Warm", err, resourcepool.ErrorResourceLimitExceeded)
	wantText(t, err, "2 of 5 connections are ready", "(2 of 2 slots are taken)")
	if strings.Count(err.Error(), "no free slot") != 1 {
		t.Error(err)
	}
}

func TestShutdownThatGivesUpSaysWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := fakePool(t, 8, nil)
		c := get(t, p, "x:1")
		d, err := p.DialContext(t.Context(), "tcp", "y:1")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err = p.Shutdown(ctx)
		wantIs(t, "Shutdown", err, context.DeadlineExceeded)
		wantText(t, err, "1 connections in use, 1 of DialContext, 0 dials and 0 Gets that wait")
		var n net.Error
		if !errors.As(err, &n) || !n.Timeout() {
			t.Error("not a time-out")
		}
		c.Put()
		d.Close()
	})
}

func TestErrorsHaveOneLine(t *testing.T) {
	bad := &Pool{DialTimeout: -1, MaxWaiting: -1, Backoff: &Backoff{Base: -1, Jitter: 2}}
	_, err := bad.Get(t.Context(), "tcp", "x:1")
	wantText(t, err, "DialTimeout is -1ns", "; ", "MaxWaiting is -1", "Base is -1ns", "Jitter is 2")

	p, n := fakePool(t, 4, nil)
	n.on = func(context.Context, string) error { return errors.Join(errFake, net.ErrClosed) }
	_, err = p.Get(patient(t), "tcp", "x:1")
	wantIs(t, "Get", err, errFake, net.ErrClosed)
	wantText(t, err, "fake error; use of closed")
	err = p.Warm(patient(t), "tcp", "y:1", 3)
	wantIs(t, "Warm", err, errFake, net.ErrClosed)
	wantText(t, err)
}
