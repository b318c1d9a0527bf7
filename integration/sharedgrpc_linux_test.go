package integration

import (
	"context"
	"errors"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/slotpool/slotpool/integration/snippets"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// sharedGRPC are clients of all addresses, in such slots.
func sharedGRPC(slots *resourcepool.Pool, addresses []string) (clients []grpc_health_v1.HealthClient) {
	for _, address := range addresses {
		clients = append(clients, grpc_health_v1.NewHealthClient(snippets.NewSharedGRPC(slots, address)))
	}
	return clients
}

func check(ctx context.Context, c grpc_health_v1.HealthClient) error {
	ctx, cancel := context.WithTimeout(ctx, testkit.Patience)
	defer cancel()
	_, err := c.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	return err
}

// Three times as many gRPC servers as slots, each with three users at once: a connection with
// no call makes room for another, so no call waits for a time-out, and none fails. Nor does
// one after a restart of all servers, as what is dead is not used again.
func TestSharedGRPCConnectionsMakeRoom(t *testing.T) {
	if !limited(t) {
		return
	}
	const servers, slots, users, rounds = 40, 13, 3, 5
	server, addresses := startServing(t, "grpc", servers)
	b := limit(t, 64)
	pool := resourcepool.New(slots, "")
	clients := sharedGRPC(pool, addresses)
	callAll := func() {
		var wg sync.WaitGroup
		for _, c := range clients {
			for range users {
				wg.Go(func() {
					for range rounds {
						if err := check(t.Context(), c); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
	}
	callAll()
	server.restart()
	callAll()
	st := pool.Stats()
	t.Logf("%d calls, %d dials, %d evictions", 2*servers*users*rounds, st.Allocations, st.Evictions)
	if st.Evictions == 0 || st.InUse != 0 {
		t.Errorf("%+v", st)
	}
	server.end()
	if err := check(t.Context(), clients[0]); err == nil {
		t.Error("nobody answered, and no error")
	}
	pool.ReleaseIdle(slots)
	testkit.Eventually(t, "all slots are free", func() bool { st := pool.Stats(); return st.InUse+st.Idle == 0 })
	b.back()
}

// A stream that is silent is in use: nothing may evict it before it ends.
func TestSharedGRPCStreamKeepsItsConnection(t *testing.T) {
	if !limited(t) {
		return
	}
	_, addresses := startServing(t, "grpc", 2)
	b := limit(t, 64)
	pool := resourcepool.New(1, "")
	clients := sharedGRPC(pool, addresses)
	ctx, end := context.WithCancel(t.Context())
	stream, err := clients[0].Watch(ctx, &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	if err := check(t.Context(), clients[0]); err != nil {
		t.Errorf("a call beside the stream: %v", err)
	}
	late, pass := testkit.NewDeadline(t.Context())
	over := make(chan error)
	go func() {
		_, err := clients[1].Check(late, &grpc_health_v1.HealthCheckRequest{})
		over <- err
	}()
	testkit.Eventually(t, "another waits for the slot", func() bool { return pool.SlotWaiters() == 1 })
	pass(nil)
	if err := <-over; !errors.Is(err, resourcepool.ErrorResourceLimitExceeded) {
		t.Errorf("beside a stream that has the only slot: %v", err)
	}
	end()
	if _, err := stream.Recv(); status.Code(err) != codes.Canceled {
		t.Errorf("the stream's end: %v", err)
	}
	if err := check(t.Context(), clients[1]); err != nil {
		t.Errorf("after the stream: %v", err)
	}
	pool.ReleaseIdle(1)
	testkit.Eventually(t, "all slots are free", func() bool { st := pool.Stats(); return st.InUse+st.Idle == 0 })
	b.back()
}
