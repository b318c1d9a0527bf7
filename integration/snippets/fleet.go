package snippets

import (
	"github.com/cespare/xxhash/v2"
	"github.com/dgryski/go-rendezvous"
)

// Mine returns the targets that are this process's share. Every process of the
// fleet calls it with the same list of processes, in any order.
func Mine(targets, processes []string, me string) (mine []string) {
	owners := rendezvous.New(processes, xxhash.Sum64String)
	for _, target := range targets {
		if owners.Lookup(target) == me {
			mine = append(mine, target)
		}
	}
	return mine
}
