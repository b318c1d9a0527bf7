package main

import (
	"path/filepath"
	"testing"

	"github.com/slotpool/slotpool/proof/internal/copied"
)

// TestEachMistakeCanBeMade in the code as it is now, so that the list follows it.
func TestEachMistakeCanBeMade(t *testing.T) {
	root, err := copied.Root()
	if err != nil {
		t.Fatal(err)
	}
	list, err := read(filepath.Join(root, "proof", "mutants", "list.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := check(root, list); err != nil {
		t.Error(err)
	}
}
