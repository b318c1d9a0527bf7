package connpool_test

import (
	"fmt"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// double makes a call of a client that is the target of r.
func double(r *resourcepool.Resource, c *rpcClient, n int) error {
	if err := r.Get(nil); err != nil {
		return err
	}
	defer r.Put()
	var result int
	err := c.client.Call("Arith.Double", n, &result)
	if err == nil && result != 2*n {
		err = fmt.Errorf("the double of %d is %d", n, result)
	}
	return err
}

// TestNoCallIsLostToARestart: 40 clients are parked, the server restarts, and all
// of their first calls succeed. net/rpc always has a Read waiting, beside which the
// Probe looks, and which closes its connection when the peer does.
func TestNoCallIsLostToARestart(t *testing.T) {
	const n = 40
	pool := resourcepool.New(n, "")
	address, stop := serveArith("127.0.0.1:0")
	var clients [n]*rpcClient
	var resources [n]*resourcepool.Resource
	for i := range clients {
		clients[i] = &rpcClient{address: address}
		resources[i] = pool.Create(clients[i])
	}
	callAll := func() (failed int) {
		for i := range clients {
			if err := double(resources[i], clients[i], i); err != nil {
				t.Log(err)
				failed++
			}
		}
		return failed
	}
	if failed := callAll(); failed != 0 {
		t.Fatalf("%d calls failed", failed)
	}
	stop()
	testkit.Eventually(t, "the end of all connections", func() bool {
		for _, c := range clients {
			if c.probe.Alive() {
				return false
			}
		}
		return true
	})
	_, stop = serveArith(address)
	if failed := callAll(); failed != 0 {
		t.Errorf("%d of %d first calls failed", failed, n)
	}
	if st := pool.Stats(); st.DeadOnCheck != n {
		t.Errorf("%d dead on check, want %d", st.DeadOnCheck, n)
	}
	for _, r := range resources {
		_ = r.Release()
	}
	stop()
}
