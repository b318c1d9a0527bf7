package snippets

import (
	"context"
	"errors"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// SharedGRPC is a gRPC client that many use at once, and that is closed for another when
// nobody does: see NewSharedGRPC and NewStream. What protoc makes takes it for a
// *grpc.ClientConn.
type SharedGRPC struct {
	address string
	shared  *resourcepool.Shared
	conn    *grpc.ClientConn // who has a lease may use it
	probe   *connpool.Probe
}

var errLost = errors.New("the connection is lost")

// AllocateContext connects. It dials itself, so that the pool learns what a dial costs, and
// that gRPC never has a second connection beside the one that has a slot.
func (c *SharedGRPC) AllocateContext(ctx context.Context) error {
	tcp, err := connpool.DialerConfig{}.Dialer().DialContext(ctx, "tcp", c.address)
	if err != nil {
		return err
	}
	only := make(chan net.Conn, 1)
	only <- tcp
	conn, err := grpc.NewClient("passthrough:///"+c.address,
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
			select {
			case tcp := <-only:
				return tcp, nil
			default:
				return nil, errLost
			}
		}),
		grpc.WithIdleTimeout(0), // it is idle when its slot is wanted
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err == nil {
		if err = awaitReady(ctx, conn); err != nil {
			conn.Close()
		}
	}
	if err != nil {
		tcp.Close() // or gRPC has closed it
		return err
	}
	c.probe, c.conn = connpool.NewProbe(tcp), conn
	return nil
}

func awaitReady(ctx context.Context, conn *grpc.ClientConn) error {
	conn.Connect()
	for state := conn.GetState(); state != connectivity.Ready; state = conn.GetState() {
		if state == connectivity.TransientFailure {
			return errLost
		}
		if !conn.WaitForStateChange(ctx, state) {
			return context.Cause(ctx)
		}
	}
	return nil
}

// Allocate is for those who have no context.
func (c *SharedGRPC) Allocate() error { return c.AllocateContext(context.Background()) }

// Release closes the connection.
func (c *SharedGRPC) Release() error { return c.conn.Close() }

// Alive is asked before an idle connection is used again.
func (c *SharedGRPC) Alive() bool {
	return c.conn.GetState() == connectivity.Ready && c.probe.Alive()
}

// Invoke makes a call.
func (c *SharedGRPC) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	lease, err := c.shared.GetContext(ctx)
	if err != nil {
		return err
	}
	defer c.leave(lease)
	return c.conn.Invoke(ctx, method, args, reply, opts...)
}

// leave ends a lease. No new user gets a connection that is lost.
func (c *SharedGRPC) leave(lease resourcepool.Lease) {
	if c.conn.GetState() == connectivity.Ready {
		lease.Put()
	} else {
		_ = lease.Release()
	}
}
