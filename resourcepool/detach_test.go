package resourcepool

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func detachedGet(ctx context.Context, r *Resource) error {
	return r.Detach(ctx, func() error { return r.GetContextWith(ctx, r.Target()) })
}

func TestDetachedGetIsAGet(t *testing.T) {
	p := New(1, "")
	r := p.Create(&thing{})
	testkit.WantErr(t, "Get", detachedGet(t.Context(), r), nil)
	wantUsage(t, p, 1, 0, 0)
	r.Put()
	failing := p.Create(&thing{allocate: func() error { return errFake }})
	testkit.WantErr(t, "failed Get", detachedGet(t.Context(), failing), errFake)
	wantUsage(t, p, 0, 0, 0)
}

// The Allocate of a Get that has given up serves the next one.
func TestDetachedAllocateServesTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		f := &thing{allocate: func() error { time.Sleep(time.Second); return nil }}
		r := p.Create(f)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		err := detachedGet(ctx, r)
		var wait *WaitError
		if !errors.As(err, &wait) || !errors.Is(err, context.DeadlineExceeded) || !wait.Timeout() || wait.Err != errAllocating {
			t.Fatal(err)
		}
		testkit.WantErr(t, "next Get", detachedGet(t.Context(), r), nil)
		if f.allocations.Load() != 1 {
			t.Fatalf("%d allocations", f.allocations.Load())
		}
		r.Put()
		wantUsage(t, p, 0, 1, 0)
		if st := p.Stats(); st.Gets != 1 || st.Allocations != 1 || st.Reuses != 1 {
			t.Fatalf("%+v", st)
		}
	})
}

func TestDetachedPanicIsRaisedInTheGet(t *testing.T) {
	r := New(1, "").Create(&thing{allocate: func() error { panic("x") }})
	testkit.WantPanic(t, "x", func() { _ = detachedGet(t.Context(), r) })
}

func TestDetachedGetThatIsOverBeginsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := New(1, "").Create(&thing{allocate: func() error { t.Error("allocated"); return nil }})
	if err := detachedGet(ctx, r); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
