package connpool_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/slotpool/slotpool/connpool"
)

// What else needs descriptors can take slots too, by number: here a file, which makes a
// parked connection close if there is no free slot, and waits if none is parked.
// For an http.Transport see Pool.DialContext, or better package slothttp.
func ExampleGetResourcePool() {
	slots := connpool.GetResourcePool()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := slots.Acquire(ctx, 1); err != nil {
		fmt.Println(err)
		return
	}
	defer slots.Free(1)
	f, err := os.Open(os.DevNull)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close() // before the slot is free
	fmt.Println(slots.Stats().InUse >= 1)
	// Output: true
}
