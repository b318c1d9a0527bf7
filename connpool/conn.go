package connpool

import (
	"net"

	"github.com/slotpool/slotpool/internal/sysnet"
	"github.com/slotpool/slotpool/resourcepool"
)

// connection is what a ConnResource has while its slot holds a descriptor.
//
// Its two Conns are handed out in turn. Reuse thereby allocates nothing, and
// yet a holder who goes on using a Conn after Put meets a nil net.Conn, not
// the next holder's connection, until that next holder has put it too and it
// was reused once more.
type connection struct {
	inner      net.Conn
	probe      *sysnet.Probe
	slot       *resourcepool.Resource // that it is in
	generation uint32                 // of slot: past once this is closed
	turn       uint8
	handles    [2]Conn
}

// link is what a Conn knows besides the net.Conn. Only its holder touches it.
type link struct {
	of     *connection
	closed bool
	err    error // of Close
}

// newConnection is for a slot whose Allocate is about to succeed.
func newConnection(slot *resourcepool.Resource, inner net.Conn) *connection {
	k := &connection{
		inner:      inner,
		probe:      sysnet.NewProbe(inner),
		slot:       slot,
		generation: slot.Generation() + 1,
	}
	k.handles[0].of, k.handles[1].of = k, k
	return k
}

// handOut returns the Conn that was not handed out last.
func (k *connection) handOut() *Conn {
	k.turn ^= 1
	c := &k.handles[k.turn]
	c.Conn = k.inner
	return c
}

func (c *Conn) put() {
	if c.Conn == nil {
		if c.closed {
			return
		}
		panic("Resource was not gotten")
	}
	c.Conn = nil
	c.of.slot.PutGeneration(c.of.generation)
}

func (c *Conn) close() error {
	if c.Conn != nil {
		c.Conn = nil
		c.closed = true
		_, c.err = c.of.slot.ReleaseGeneration(c.of.generation)
	}
	return c.err
}
