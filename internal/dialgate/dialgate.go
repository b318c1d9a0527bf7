// Package dialgate lets the other packages of this module send their dials through
// connpool's gate, without adding to the exported surface of connpool.
package dialgate

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// Dial calls d, and again while there is no descriptor for it, within the limit on
// descriptors of the process: see gate in connpool, which sets it. The caller has a
// slot of slots, whose idle resources make room. Waiting counts against ctx, but not
// against the address: clock says when d began.
var Dial func(ctx context.Context, network, address string,
	d func(ctx context.Context, network, address string) (net.Conn, error), slots *resourcepool.Pool, clock *Clock) (net.Conn, error)

// Clock tells when the dial of an Allocate really began. Embedded in the target of a
// resource it is how resourcepool knows that: what waits for a descriptor does so for no
// fault of its address.
type Clock struct{ began atomic.Int64 } // since start, and 1 ns more; 0: it waits

var start = time.Now()

// AllocateBegan returns when the dial began that runs, or ran last; zero while one
// waits for permits or for a descriptor.
func (c *Clock) AllocateBegan() time.Time {
	if began := c.began.Load(); began != 0 {
		return start.Add(time.Duration(began - 1))
	}
	return time.Time{}
}

// Begin says that the dial begins. A nil Clock tells nobody.
func (c *Clock) Begin() {
	if c != nil {
		c.began.Store(int64(time.Since(start)) + 1)
	}
}

// Wait says that the dial waits, and will begin, or begin again.
func (c *Clock) Wait() {
	if c != nil {
		c.began.Store(0)
	}
}
