package slothttp_test

import (
	"math/rand/v2"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// What dead hosts may have of some slots.
const (
	deadCostSlots = 20
	deadCostLane  = deadCostSlots / 8
	deadCostHosts = 10
)

// dialTimeout ends the dials of dead hosts, so that there are many in a short time. It is
// short for a busy machine: a healthy host may have to be dialled again.
const dialTimeout = 300 * time.Millisecond

func newImpatient(t *testing.T, slots uint) (http.RoundTripper, *resourcepool.Pool) {
	t.Helper()
	tr, pool := newTransport(t, slots)
	tr.Base.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
	return tr, pool
}

// reach asks until there is an answer.
func reach(t *testing.T, over http.RoundTripper, url string) {
	t.Helper()
	testkit.Eventually(t, "an answer of a healthy host", func() bool {
		_, err := get(t.Context(), over, url)
		return err == nil
	})
}

// Connections to as many healthy hosts as there are slots beside the lane stay open, while
// five times as many dead hosts as the lane has slots are dialled.
func TestDeadHostsLeaveParkedConnectionsAlone(t *testing.T) {
	tr, pool := newImpatient(t, deadCostSlots)
	askDead(t, tr, deadCostHosts)
	well := newServers(t, deadCostSlots-deadCostLane)
	for _, s := range well {
		reach(t, tr, s.URL)
	}
	for range 2 {
		before := connsOf(well)
		failed := pool.Stats().AllocationErrors + deadCostHosts
		testkit.Eventually(t, "more dials that nobody answers", func() bool { return pool.Stats().AllocationErrors >= failed })
		for _, s := range well {
			fetch(t, tr, s.URL)
		}
		if n := connsOf(well) - before; n != 0 {
			t.Fatalf("%d connections were evicted for dead hosts", n)
		}
	}
}

// More healthy hosts than slots are asked in the same random order, beside dead hosts, and without
// them but with as many slots fewer as dead hosts may have. The dials are as many, but for what
// the rule that evicts learns by chance: 60 either way. Without a lane they are 290 more.
func TestDeadHostsCostNoDials(t *testing.T) {
	const hosts, requests, slack = 90, 2000, 150
	dials := func(slots uint, dead int) int32 {
		tr, pool := newImpatient(t, slots)
		if dead > 0 {
			askDead(t, tr, dead)
		}
		all := newServers(t, hosts)
		random := rand.New(rand.NewPCG(1, 2))
		ask := func() { reach(t, tr, all[min(random.IntN(hosts), random.IntN(hosts))].URL) }
		for range requests / 4 {
			ask()
		}
		before := connsOf(all)
		for range requests {
			ask()
		}
		n := connsOf(all) - before
		t.Logf("%d dials of %d requests, %d slots, %d dead hosts; %+v", n, requests, slots, dead, pool.Stats())
		return n
	}
	with, without := dials(deadCostSlots, deadCostHosts), dials(deadCostSlots-deadCostLane, 0)
	if with > without+slack {
		t.Errorf("%d dials of %d requests beside dead hosts, want no more than %d, and %d for chance", with, requests, without, slack)
	}
}
