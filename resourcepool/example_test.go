package resourcepool_test

import (
	"errors"
	"fmt"

	"github.com/slotpool/slotpool/resourcepool"
)

type file struct{ name string }

func (f file) Allocate() error { fmt.Println("open", f.name); return nil }
func (f file) Release() error  { fmt.Println("close", f.name); return nil }

// Two resources and one slot: the second evicts the first, which is idle.
func Example() {
	pool := resourcepool.New(1, "")
	a, b := pool.Create(file{"a"}), pool.Create(file{"b"})
	for _, r := range []*resourcepool.Resource{a, a, b} {
		if err := r.Get(nil); err != nil {
			fmt.Println(err)
			return
		}
		r.Put()
	}
	st := pool.Stats()
	fmt.Println(st.Reuses, "reuse,", st.Evictions, "eviction,", st.Idle, "idle")
	// Output:
	// open a
	// close a
	// open b
	// 1 reuse, 1 eviction, 1 idle
}

// With an immediate canceler a Get fails rather than waits.
func ExampleMakeImmediateCanceler() {
	pool := resourcepool.New(1, "")
	a, b := pool.Create(file{"a"}), pool.Create(file{"b"})
	if err := a.Get(nil); err != nil {
		fmt.Println(err)
		return
	}
	err := b.Get(resourcepool.MakeImmediateCanceler())
	fmt.Println(errors.Is(err, resourcepool.ErrorResourceLimitExceeded), err)
	// Output:
	// open a
	// true resource limit exceeded
}
