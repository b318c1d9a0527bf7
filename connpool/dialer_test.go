package connpool

import (
	"context"
	"errors"
	"net"
	"testing"
)

// TestDialerGetsTheContext where there is one, and is called as before if not.
func TestDialerGetsTheContext(t *testing.T) {
	usePool(t, 1)
	d := &bothDialer{}
	a := &dial{resource: &newResource(t, "tcp", "nowhere:1").c, dialer: d}
	a.resource.resource()
	type key struct{}
	if err := a.AllocateContext(context.WithValue(t.Context(), key{}, 1)); !errors.Is(err, errFake) || d.ctx == nil || d.ctx.Value(key{}) != 1 {
		t.Errorf("%v with the context %v", err, d.ctx)
	}
	d.ctx = nil
	if err := a.Allocate(); err != errFake || d.ctx != nil || d.plain != 1 {
		t.Errorf("%v after %d calls of Dial, and one with %v", err, d.plain, d.ctx)
	}
}

type bothDialer struct {
	ctx   context.Context
	plain int
}

func (d *bothDialer) Dial(string, string) (net.Conn, error) {
	d.plain++
	return nil, errFake
}

func (d *bothDialer) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	d.ctx = ctx
	return nil, errFake
}
