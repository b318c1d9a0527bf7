package integration

import (
	"testing"

	"github.com/slotpool/slotpool/connpool"
)

// Seven kinds of clients, who would keep 106 connections, and users of ten dead hosts
// beside them, share 96 descriptors. No exchange fails.
func TestEveryClientWithinOneBudget(t *testing.T) {
	needFleet(t)
	if !limited(t) {
		return
	}
	f, b := startFleet(t)
	most := b.watchDescriptors()
	stop := f.knock()
	const users, exchanges = 4, 200
	f.run(users, func(c *client) bool { return c.done.Load()+c.failed.Load() >= exchanges },
		func(c *client, err error) { t.Errorf("%s: %v", c.name, err) })
	stop()
	b.kept(most())
	st := connpool.GetResourcePool().Stats()
	t.Logf("%d slots, %d evictions, %d allocations", st.Max, st.Evictions, st.Allocations)
	f.end(b)
}
