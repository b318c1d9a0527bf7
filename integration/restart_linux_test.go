package integration

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/integration/snippets"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// net/rpc's connections are idle while their server is restarted. Alive asks the kernel, so
// no call is made on one that is dead: none fails, and each connection is dialled once more.
func TestRestartOfANetRPCServerCostsNoCall(t *testing.T) {
	if !limited(t) {
		return
	}
	const servers, users, restarts = 30, 3, 3
	server, addresses := startServing(t, "rpc", servers)
	b := limit(t, 96)
	slots := resourcepool.New(servers, "")
	var clients []*snippets.RPC
	for _, address := range addresses {
		clients = append(clients, snippets.NewRPC(slots, address))
	}
	callAll := func() {
		var wg sync.WaitGroup
		for i, c := range clients {
			for range users {
				wg.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
					defer cancel()
					var n int
					if err := c.Call(ctx, "Arith.Double", i, &n); err != nil || n != 2*i {
						t.Errorf("2 * %d = %d, %v", i, n, err)
					}
				})
			}
		}
		wg.Wait()
		if st := slots.Stats(); st.Idle != servers {
			t.Errorf("%d of %d connections are idle: %+v", st.Idle, servers, st)
		}
	}
	callAll()
	for range restarts {
		server.restart()
		callAll()
	}
	if st := slots.Stats(); st.Allocations != servers*(1+restarts) {
		t.Errorf("%d dials, want %d", st.Allocations, servers*(1+restarts))
	}
	slots.ReleaseIdle(servers)
	b.back()
}

// gRPC's servers are restarted. Calls that wait until it is ready, made while nobody listens,
// hold no slots then; all are answered when the servers are back.
func TestCallsWaitForARestartOfTheirGRPCServer(t *testing.T) {
	if !limited(t) {
		return
	}
	const servers = 30
	server, addresses := startServing(t, "grpc", servers)
	b := limit(t, 96)
	pool := &connpool.Pool{Slots: resourcepool.New(servers, "")}
	clients := dialGRPC(t, pool, addresses)
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	for _, c := range clients {
		if err := checkHealth(ctx, c); err != nil {
			t.Error(err)
		}
	}
	server.end()
	// A call on a connection that gRPC has not yet seen closed would fail.
	testkit.Eventually(t, "gRPC knows", func() bool {
		for _, c := range clients {
			if c.GetState() == connectivity.Ready {
				return false
			}
		}
		return true
	})
	var calls sync.WaitGroup
	for _, c := range clients {
		calls.Go(func() {
			if err := checkHealth(ctx, c); err != nil {
				t.Errorf("a call while the server is restarted: %v", err)
			}
		})
	}
	testkit.Eventually(t, "all dials have failed", func() bool {
		for _, c := range clients {
			if c.GetState() != connectivity.TransientFailure {
				return false
			}
		}
		return true
	})
	testkit.Eventually(t, "no slot is held", func() bool { return pool.Slots.Stats().InUse == 0 })
	began := time.Now()
	server.start()
	calls.Wait()
	t.Logf("all are answered %v after the restart began", time.Since(began).Round(time.Millisecond))
	for _, c := range clients {
		c.Close()
	}
	testkit.Eventually(t, "all slots are free", func() bool { return pool.Slots.Stats().InUse == 0 })
	b.back()
}
