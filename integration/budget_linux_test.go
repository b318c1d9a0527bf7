package integration

import (
	"testing"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/integration/snippets"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// Seven kinds of clients, who would keep 106 connections, and users of ten dead hosts
// beside them, share 96 descriptors. No exchange fails.
func TestEveryClientWithinOneBudget(t *testing.T) {
	needFleet(t)
	if !limited(t) {
		return
	}
	f, b := startFleet(t)
	most := watchDescriptors(t)
	stop := f.knock()
	const users, exchanges = 4, 200
	f.run(users, func(c *client) bool { return c.done.Load()+c.failed.Load() >= exchanges },
		func(c *client, err error) { t.Errorf("%s: %v", c.name, err) })
	stop()
	if n := most(); n >= fleetLimit {
		t.Errorf("%d descriptors were open, the limit is %d", n, fleetLimit)
	}
	st := connpool.GetResourcePool().Stats()
	t.Logf("%d slots, %d evictions, %d allocations, at most %d of %d descriptors", st.Max, st.Evictions, st.Allocations, most(), fleetLimit)
	f.end(b)
}

// Every kind of harm that servers do comes while all clients work. Each client may
// have errors then, but each makes progress after it.
func TestEveryClientOutlivesItsServersHarm(t *testing.T) {
	needFleet(t)
	if !limited(t) {
		return
	}
	f, b := startFleet(t)
	admin := snippets.Redis(&connpool.Pool{Slots: resourcepool.New(1, "")}, f.redis.address)
	over := make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		f.run(3, func(*client) bool {
			select {
			case <-over:
				return true
			default:
				return false
			}
		}, func(c *client, err error) {
			if c.name == "gRPC" || c.name == "net/rpc" { // nobody harms their servers
				t.Errorf("%s: %v", c.name, err)
			}
		})
	}()
	stop := f.knock()
	for _, harm := range []struct {
		name string
		do   func()
	}{
		{"nothing", func() {}},
		{"CLIENT KILL", func() {
			if err := admin.Do(t.Context(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err(); err != nil {
				t.Error(err)
			}
		}},
		{"pg_terminate_backend", func() { administer(t, f.url, terminateOthers) }},
		{"a restart of redis-server", f.redis.restart},
		{"a restart of nginx", f.nginx.restart},
		{"a restart of PostgreSQL", f.postgres.restart},
	} {
		harm.do()
		for _, c := range f.clients {
			want := c.done.Load() + 50
			testkit.Eventually(t, c.name+" goes on after "+harm.name, func() bool { return c.done.Load() >= want })
		}
	}
	close(over)
	<-finished
	stop()
	for _, c := range f.clients {
		t.Logf("%s: %d exchanges, %d errors", c.name, c.done.Load(), c.failed.Load())
	}
	admin.Close()
	f.end(b)
}
