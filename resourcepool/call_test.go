package resourcepool

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// call is a call on a goroutine of its own, inside a synctest bubble.
type call struct {
	err  error
	done atomic.Bool
	took time.Duration
}

// start returns when the call sleeps or is over.
func start(f func() error) *call {
	c := &call{}
	began := time.Now()
	go func() {
		c.err = f()
		c.took = time.Since(began)
		c.done.Store(true)
	}()
	synctest.Wait()
	return c
}

func (c *call) wantWaiting(t *testing.T) {
	t.Helper()
	synctest.Wait()
	if c.done.Load() {
		t.Fatalf("returned %v, want it to wait", c.err)
	}
}

func (c *call) wantDone(t *testing.T, err error) {
	t.Helper()
	synctest.Wait()
	if !c.done.Load() || c.err != err {
		t.Fatalf("done %v with %v, want %v", c.done.Load(), c.err, err)
	}
}

// result is the error of a call that must be over.
func (c *call) result(t *testing.T) error {
	t.Helper()
	synctest.Wait()
	if !c.done.Load() {
		t.Fatal("not over")
	}
	return c.err
}

// getter is a Get of a resource.
type getter struct {
	*call
	r      *Resource
	cancel chan struct{}
}

func startGet(r *Resource) *getter { return startGetWith(r, make(chan struct{})) }

// startImmediateGet starts a Get whose canceler is ready when it comes.
func startImmediateGet(r *Resource) *getter {
	cancel := make(chan struct{})
	close(cancel)
	return startGetWith(r, cancel)
}

func startGetWith(r *Resource, cancel chan struct{}) *getter {
	return &getter{start(func() error { return r.Get(cancel) }), r, cancel}
}

// groupGetter is a Get of a group.
type groupGetter struct {
	*call
	r *Resource
}

func startGroupGet(ctx context.Context, g *Group) *groupGetter {
	x := &groupGetter{}
	x.call = start(func() (err error) { x.r, err = g.Get(ctx); return err })
	return x
}

// leaseGetter is a Get of a Shared.
type leaseGetter struct {
	*call
	lease Lease
}

func startLease(ctx context.Context, s *Shared) *leaseGetter {
	x := &leaseGetter{}
	x.call = start(func() (err error) { x.lease, err = s.GetContext(ctx); return err })
	return x
}
