package slothttp_test

import "testing"

// What eviction learns must belong to the server, not to its connection: with a resource for
// each dial 1.7 times as many servers as slots, asked in turn, were 1001 dials of 1000
// requests, as nothing was ever seen twice.
func TestEvictionLearnsOfServersThatAreAskedInTurn(t *testing.T) {
	const slots, hosts, rounds = 20, 34, 30
	tr, pool := newTransport(t, slots)
	servers := newServers(t, hosts)
	round := func() {
		for _, s := range servers {
			fetch(t, tr, s.URL)
		}
	}
	for range rounds {
		round() // it learns
	}
	before := connsOf(servers)
	for range rounds {
		round()
	}
	dials := connsOf(servers) - before
	t.Logf("%d dials of %d requests; %+v", dials, rounds*hosts, pool.Stats())
	// As many as fit in the slots could be kept all the time: 14 of 34 would be dialled.
	if most := int32(rounds * hosts * 7 / 10); dials > most {
		t.Errorf("%d dials of %d requests, want at most %d", dials, rounds*hosts, most)
	}
}
