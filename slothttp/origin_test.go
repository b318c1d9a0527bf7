package slothttp

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"

	"github.com/slotpool/slotpool/resourcepool"
)

// What is kept of servers that are no longer talked to is bounded.
func TestUnusedOriginsAreDropped(t *testing.T) {
	tr := &Transport{Base: &http.Transport{}, Slots: resourcepool.New(2, "")}
	s, err := tr.use()
	if err != nil {
		t.Fatal(err)
	}
	used := s.origin(key{scheme: "http", address: "used:80"}, "used:80", nil)
	for i := range 3 * leastBound {
		address := fmt.Sprintf("host%d:80", i)
		s.origin(key{scheme: "http", address: address}, address, nil).users.Add(-1)
		if n := s.origins.len(); n > leastBound {
			t.Fatalf("%d origins are kept, want at most %d", n, leastBound)
		}
	}
	if s.origin(used.key, used.address, nil) != used {
		t.Error("one with a user was dropped")
	}
}

// TestDialsUnderWayAreKnown, in whichever order they end.
func TestDialsUnderWayAreKnown(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	o := &origin{}
	var want []*link
	for range 1000 {
		if n := len(want); n == 0 || rng.IntN(2) > 0 {
			l := &link{cancel: func() {}}
			o.remember(l)
			want = append(want, l)
		} else {
			i := rng.IntN(n)
			o.forget(want[i])
			want = slices.Delete(want, i, i+1)
		}
		if len(o.openings) != len(want) {
			t.Fatalf("%d known of %d", len(o.openings), len(want))
		}
		for _, l := range want {
			if !slices.Contains(o.openings, l) || l.cancel == nil {
				t.Fatal("one is forgotten")
			}
		}
	}
	for _, l := range want {
		o.forget(l)
	}
	if o.openings != nil {
		t.Fatal("memory is kept for none")
	}
}
