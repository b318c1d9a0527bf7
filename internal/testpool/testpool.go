// Package testpool has resources for the tests of what shows pools.
package testpool

import (
	"testing"

	"github.com/slotpool/slotpool/resourcepool"
)

// Thing is what a resource stands for. Its Allocate returns Err.
type Thing struct{ Err error }

// Allocate returns Err.
func (t *Thing) Allocate() error { return t.Err }

// Release does nothing.
func (t *Thing) Release() error { return nil }

// Get creates a resource in the pool and gets it.
func Get(t testing.TB, p *resourcepool.Pool) *resourcepool.Resource {
	t.Helper()
	r := p.Create(&Thing{})
	if err := r.GetContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}
