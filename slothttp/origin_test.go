package slothttp

import (
	"fmt"
	"net/http"
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
