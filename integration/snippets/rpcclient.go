package snippets

import (
	"context"
	"errors"
	"net/rpc"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// RPC is a net/rpc client that many use at once: see NewRPC and Call. It is what the pool
// connects and closes, so it has the methods that the pool calls.
type RPC struct {
	address string
	shared  *resourcepool.Shared
	client  *rpc.Client // who has a lease may use it
	probe   *connpool.Probe
}

// AllocateContext connects.
func (c *RPC) AllocateContext(ctx context.Context) error {
	conn, err := connpool.DialerConfig{}.Dialer().DialContext(ctx, "tcp", c.address)
	if err != nil {
		return err
	}
	c.probe, c.client = connpool.NewProbe(conn), rpc.NewClient(conn)
	return nil
}

// Allocate is for those who have no context.
func (c *RPC) Allocate() error { return c.AllocateContext(context.Background()) }

// Release closes the connection.
func (c *RPC) Release() error { return c.client.Close() }

// Alive is asked before an idle connection is used again.
func (c *RPC) Alive() bool { return c.probe.Alive() }

// call makes a call for somebody who has a lease. The connection is broken if the call
// failed, and neither by the server's answer nor by the caller's context.
func (c *RPC) call(ctx context.Context, method string, args, reply any) (broken bool, err error) {
	call := c.client.Go(method, args, reply, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
	case <-ctx.Done(): // net/rpc cannot cancel a call, and may yet write to reply
		return false, context.Cause(ctx)
	}
	var answer rpc.ServerError
	return call.Error != nil && !errors.As(call.Error, &answer), call.Error
}
