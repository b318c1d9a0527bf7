package snippets

import (
	"context"
	"net"
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

// NewSharedGRPC returns a gRPC client for any number of calls at once. It connects when it
// is first used.
func NewSharedGRPC(slots *resourcepool.Pool, address string) *SharedGRPC {
	c := &SharedGRPC{address: address}
	c.shared = resourcepool.NewShared(slots.CreateKeyed(c, address), 0)
	return c
}

// NewStream begins a stream, which has its lease until it ends.
func (c *SharedGRPC) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string,
	opts ...grpc.CallOption) (grpc.ClientStream, error) {
	lease, err := c.shared.GetContext(ctx)
	if err != nil {
		return nil, err
	}
	ended := grpc.OnFinish(func(error) { c.leave(lease) })
	stream, err := c.conn.NewStream(ctx, desc, method, append([]grpc.CallOption{ended}, opts...)...)
	if err != nil {
		lease.Put() // or gRPC has called ended
	}
	return stream, err
}

// NewRPC returns a net/rpc client that up to a hundred use at once. It connects when it is
// first used.
func NewRPC(slots *resourcepool.Pool, address string) *RPC {
	c := &RPC{address: address}
	c.shared = resourcepool.NewShared(slots.CreateKeyed(c, address), 100)
	return c
}

// Call calls, beside other users of the connection.
func (c *RPC) Call(ctx context.Context, method string, args, reply any) error {
	lease, err := c.shared.GetContext(ctx)
	if err != nil {
		return err
	}
	defer lease.Put() // after a Release it does nothing
	broken, err := c.call(ctx, method, args, reply)
	if broken {
		_ = lease.Release() // no new user gets this connection
	}
	return err
}
