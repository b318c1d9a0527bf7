package connpool

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"

	"github.com/slotpool/slotpool/resourcepool"
)

func TestGetContextReuses(t *testing.T) {
	p := usePool(t, 1)
	s := newServer(t, "tcp")
	cr := s.resource()
	for i := range 3 {
		conn, err := cr.GetContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			defer s.accept().Close()
		}
		conn.Put()
	}
	wantUsage(t, p, 0, 1)
	if n := p.Stats().Allocations; n != 1 {
		t.Errorf("%d dials", n)
	}
}

// TestGetContextReplacesADeadConnection within the same Get.
func TestGetContextReplacesADeadConnection(t *testing.T) {
	lookOnly(t)
	p := usePool(t, 1)
	s := newServer(t, "tcp")
	cr := s.resource()
	mustGet(t, cr).Put()
	s.accept().Close()
	awaitReadable(t, cr.c.open.inner)
	conn, err := cr.GetContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantTalk(t, conn, s.accept())
	conn.Put()
	wantUsage(t, p, 0, 1)
}

// TestGetContextThatIsOver returns at once, also with a connection parked.
func TestGetContextThatIsOver(t *testing.T) {
	p := usePool(t, 1)
	s := newServer(t, "tcp")
	cr := s.resource()
	mustGet(t, cr).Put()
	defer s.accept().Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var wait *resourcepool.WaitError
	if _, err := cr.GetContext(ctx); !errors.As(err, &wait) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	wantUsage(t, p, 0, 1)
}

// byHand is a context whose deadline is when over is closed.
type byHand struct {
	context.Context
	over chan struct{}
}

func (c byHand) Done() <-chan struct{} { return c.over }

func (c byHand) Err() error {
	select {
	case <-c.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// TestGetContextLeavesItsDial to a host that does not answer, at its deadline. The dial
// goes on, and its slot is free when it ends.
func TestGetContextLeavesItsDial(t *testing.T) {
	p := usePool(t, 1)
	d := testkit.NewStuckDial(t)
	cr := newResource(t, "tcp", d.Address)
	ctx := byHand{t.Context(), make(chan struct{})}
	failed := make(chan error)
	go func() {
		_, err := cr.GetContext(ctx)
		failed <- err
	}()
	testkit.Eventually(t, "it has a slot", func() bool { return p.Stats().InUse == 1 })
	close(ctx.over)
	err := <-failed
	if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() {
		t.Errorf("%v, want a time-out", err)
	}
	wantUsage(t, p, 1, 0)
	d.Answer()
	testkit.Eventually(t, "the connection is parked", func() bool { return p.Stats().Idle == 1 })
	conn, err := cr.GetContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn.Put()
	if n := p.Stats().Allocations; n != 1 {
		t.Errorf("%d dials", n)
	}
}

// TestGetsWithAContextShareAFailure: of twenty Gets of one dead address the last does not
// wait for twenty dials.
func TestGetsWithAContextShareAFailure(t *testing.T) {
	p := usePool(t, 4)
	d := testkit.NewStuckDial(t)
	cr := newResource(t, "tcp", d.Address)
	errs := make(chan error)
	for range 20 {
		go func() {
			_, err := cr.GetContext(t.Context())
			errs <- err
		}()
	}
	testkit.Eventually(t, "all wait", func() bool { return p.Stats().Waiting == 19 })
	d.Refuse()
	first := <-errs
	for range 19 {
		if err := <-errs; err != first {
			t.Errorf("%v and %v", err, first)
		}
	}
	if st := p.Stats(); first == nil || st.AllocationErrors != 20 || st.Allocations != 0 {
		t.Errorf("%v, %+v", first, st)
	}
}

// A Get that came before the dial it waits for had begun shares its failure too.
func TestGetThatCameBeforeTheDialSharesItsFailure(t *testing.T) {
	usePool(t, 4)
	c := &newResource(t, "tcp", "127.0.0.1:1").c
	early := &dial{resource: c, landed: c.landed()}
	f := &flight{}
	c.flight.Store(f)
	during := &dial{resource: c, landed: c.landed()}
	f.land(errFake)
	late := &dial{resource: c, landed: c.landed()}
	for name, d := range map[string]*dial{"early": early, "during": during} {
		if err := d.AllocateContext(t.Context()); err != errFake {
			t.Errorf("%s: %v, want the failure of the dial it waited for", name, err)
		}
	}
	if err := late.AllocateContext(t.Context()); err == errFake || err == nil {
		t.Errorf("late: %v, want a dial of its own", err)
	}
}

func TestGetContextWaitsForAnother(t *testing.T) {
	usePool(t, 1)
	conn := mustGetWith(t, newResource(t, "tcp", "nowhere:1"), newPipe(t))
	cause := errors.New("the cause")
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error)
	go func() {
		_, err := newResource(t, "tcp", "127.0.0.1:1").GetContext(ctx)
		done <- err
	}()
	testkit.Eventually(t, "it waits", func() bool { return GetResourcePool().Stats().Waiting == 1 })
	cancel(cause)
	err := <-done
	for _, want := range []error{resourcepool.ErrorResourceLimitExceeded, context.Canceled, cause} {
		if !errors.Is(err, want) {
			t.Errorf("%v is not %v", err, want)
		}
	}
	conn.Put()
}
