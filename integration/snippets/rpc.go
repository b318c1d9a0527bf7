package snippets

import (
	"context"
	"net"
	"net/rpc"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// GRPC returns a client connection that takes a slot for each TCP connection, and
// hangs up when there was no call for a time. The pool is one without EvictQuiet.
func GRPC(pool *connpool.Pool, address string, idle time.Duration) (*grpc.ClientConn, error) {
	dial := func(ctx context.Context, address string) (net.Conn, error) {
		return pool.DialContext(ctx, "tcp", address)
	}
	return grpc.NewClient("passthrough:///"+address,
		grpc.WithContextDialer(dial),
		grpc.WithIdleTimeout(idle), // gRPC's own default is half an hour
		grpc.WithTransportCredentials(insecure.NewCredentials()))
}

// RPC is a net/rpc client that many use at once.
type RPC struct {
	Lease   *resourcepool.Shared
	address string
	client  *rpc.Client
	probe   *connpool.Probe
}

// NewRPC makes one for an address. It connects when it is first used.
func NewRPC(slots *resourcepool.Pool, address string) *RPC {
	c := &RPC{address: address}
	c.Lease = resourcepool.NewShared(slots.CreateKeyed(c, address), 100)
	return c
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

// Call calls, beside other users of the connection.
func (c *RPC) Call(ctx context.Context, method string, args, reply any) error {
	lease, err := c.Lease.GetContext(ctx)
	if err != nil {
		return err
	}
	call := c.client.Go(method, args, reply, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
	case <-ctx.Done(): // net/rpc cannot cancel a call, and may yet write to reply
		lease.Put()
		return context.Cause(ctx)
	}
	if _, answered := call.Error.(rpc.ServerError); call.Error != nil && !answered {
		_ = lease.Release() // the connection is broken; no new user gets it
		return call.Error
	}
	lease.Put()
	return call.Error
}
