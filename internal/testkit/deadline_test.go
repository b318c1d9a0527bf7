package testkit

import (
	"context"
	"errors"
	"testing"
)

func TestDeadline(t *testing.T) {
	for _, cause := range []error{nil, errors.New("the cause")} {
		ctx, pass := NewDeadline(t.Context())
		child, cancel := context.WithCancel(ctx)
		defer cancel()
		if ctx.Err() != nil || child.Err() != nil {
			t.Errorf("it is past before it passes: %v, %v", ctx.Err(), child.Err())
		}
		pass(cause)
		<-child.Done()
		want := cause
		if cause == nil {
			want = context.DeadlineExceeded
		}
		for _, c := range []context.Context{ctx, child} {
			if c.Err() != context.DeadlineExceeded || context.Cause(c) != want {
				t.Errorf("%v because of %v, want %v", c.Err(), context.Cause(c), want)
			}
		}
	}
}
