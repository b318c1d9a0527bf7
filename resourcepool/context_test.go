package resourcepool

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

var errWhy = errors.New("the cause")

// ctxThing has an AllocateContext.
type ctxThing struct {
	thing
	allocateContext func(ctx context.Context) error
}

func (f *ctxThing) AllocateContext(ctx context.Context) error {
	if err := f.allocateContext(ctx); err != nil {
		return err
	}
	return f.Allocate()
}

// wantWaitError checks what errors.Is must say of the error of a context verb.
func wantWaitError(t *testing.T, err error, are ...error) *WaitError {
	t.Helper()
	var w *WaitError
	if !errors.As(err, &w) {
		t.Fatalf("%v is no WaitError", err)
	}
	for _, is := range are {
		if !errors.Is(err, is) {
			t.Errorf("%v is not %v", err, is)
		}
	}
	return w
}

func TestContextThatIsOverTakesNoSlot(t *testing.T) {
	p := New(1, "")
	f := &thing{}
	r := p.Create(f)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errWhy)
	w := wantWaitError(t, r.GetContext(ctx), ErrorResourceLimitExceeded, context.Canceled, errWhy)
	if w.Timeout() || f.allocations.Load() != 0 {
		t.Fatalf("timeout %v, %d allocations", w.Timeout(), f.allocations.Load())
	}
	mustGet(t, r)
	r.Put()
	wantWaitError(t, r.GetContext(ctx), context.Canceled) // although it is idle
	wantWaitError(t, p.Acquire(ctx, 1), ErrorResourceLimitExceeded, errWhy)
	wantUsage(t, p, 0, 1, 0)
}

func TestDeadlineEndsAWaitForASlotAndSaysHowFullItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(2, "redis")
		a := hold(t, p)
		hold(t, p)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		x := start(func() error { return p.Create(&thing{}).GetContext(ctx) })
		other := start(func() error { return a.GetContext(t.Context()) })
		time.Sleep(time.Second)
		w := wantWaitError(t, x.result(t), ErrorResourceLimitExceeded, context.DeadlineExceeded)
		if !w.Timeout() || w.Pool != "redis" || w.Max != 2 || w.Taken != 2 || w.Waiting != 1 || x.took != time.Second {
			t.Fatalf("%+v after %v", w, x.took)
		}
		var n net.Error
		if !errors.As(x.err, &n) || !n.Timeout() {
			t.Error("not a net.Error with a timeout")
		}
		for _, part := range []string{"resource limit exceeded", `2 of 2 slots of "redis" taken`, "1 waiting", "deadline"} {
			if !strings.Contains(x.err.Error(), part) {
				t.Errorf("%q does not say %q", x.err, part)
			}
		}
		a.Put()
		other.wantDone(t, nil)
		wantUsage(t, p, 2, 0, 0)
	})
}

func TestWaitErrorWithACauseOfTwoLinesHasOne(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.Join(errFake, net.ErrClosed))
	err := New(1, "").Create(&thing{}).GetContext(ctx)
	wantWaitError(t, err, ErrorResourceLimitExceeded, context.Canceled, errFake, net.ErrClosed)
	if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), " of \"") {
		t.Errorf("%q", err)
	}
}

func TestContextEndsAWaitForAHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(2, "")
		r := hold(t, p)
		ctx, cancel := context.WithCancelCause(t.Context())
		x := start(func() error { return r.GetContext(ctx) })
		x.wantWaiting(t)
		cancel(errWhy)
		wantWaitError(t, x.result(t), ErrorPutTimeout, context.Canceled, errWhy)
		wantUsage(t, p, 1, 0, 0)
	})
}

func TestAllocateContextHasTheContextOnTheCallersGoroutine(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "value")
	inGet := false // written and read by one goroutine, or the race detector tells
	var seen any
	f := &ctxThing{}
	f.allocateContext = func(ctx context.Context) error {
		if !inGet {
			t.Error("not on the caller's goroutine")
		}
		seen = ctx.Value(key{})
		return nil
	}
	p := New(1, "")
	r := p.Create(f)
	inGet = true
	testkit.WantErr(t, "GetContext", r.GetContext(ctx), nil)
	if seen != "value" {
		t.Fatalf("AllocateContext saw %v", seen)
	}
	seen = nil
	testkit.WantErr(t, "RenewContext", r.RenewContext(ctx, f), nil)
	if seen != "value" {
		t.Fatalf("after RenewContext it saw %v", seen)
	}
	_ = r.Release()
	other := &ctxThing{allocateContext: func(context.Context) error { return errFake }}
	testkit.WantErr(t, "GetContextWith", r.GetContextWith(ctx, other), errFake)
	seen = nil
	testkit.WantErr(t, "Get", r.Get(nil), nil) // the old Get calls Allocate
	if seen != nil {
		t.Fatal("AllocateContext called by Get")
	}
}

func TestContextThatEndsInAllocateIsTheAllocatesError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		r := p.Create(&ctxThing{allocateContext: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		testkit.WantErr(t, "GetContext", r.GetContext(ctx), context.DeadlineExceeded) // verbatim
		wantUsage(t, p, 0, 0, 0)
	})
}

// An Allocate that itself fails to get a slot says so with the same sentinel, and
// no context has ended.
func TestSentinelReturnedByAllocateStaysVerbatim(t *testing.T) {
	p, inner := New(1, ""), New(0, "")
	r := p.Create(&thing{allocate: func() error {
		return inner.Create(&thing{}).Get(MakeImmediateCanceler())
	}})
	testkit.WantErr(t, "GetContext", r.GetContext(t.Context()), ErrorResourceLimitExceeded)
	wantUsage(t, p, 0, 0, 0)
}
