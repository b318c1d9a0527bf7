package connpool

import (
	"net"
	"sync/atomic"

	"github.com/slotpool/slotpool/internal/sysnet"
	"github.com/slotpool/slotpool/resourcepool"
)

// connection is what a ConnResource has while its slot holds a descriptor.
//
// Its two Conns are handed out in turn, so reuse allocates nothing. A user that goes on
// using a Conn after Put finds a nil net.Conn in it, and not the connection of the next
// user. That holds until the connection has been reused twice.
type connection struct {
	inner      net.Conn
	probe      *sysnet.Probe
	slot       *resourcepool.Resource // that it is in
	generation uint32                 // of slot: past once this is closed
	pooled     *member                // nil if slot is that of a ConnResource
	turn       uint64                 // how many times it was handed out
	byUser     bool                   // its user is closing it
	handles    [2]Conn
	closer     sysnet.Closer // for all others
	watch      sysnet.Watch
}

// link is what a Conn knows besides the net.Conn. Only its holder touches it.
type link struct {
	_      noCopy
	of     *connection
	closed bool
	chores atomic.Uint32 // what Put has to do besides to put
	err    error         // of Close
}

// The chores of a Put, in one word so that a Put without any looks once.
const (
	hasDeadlines uint32 = 1 << iota // to be cleared
	isPooled                        // it is put to its Pool, not to a ConnResource
)

// noCopy makes go vet find a Conn that is copied. It takes no room.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// newConnection is for a slot whose Allocate is about to succeed. A panic in a
// method of inner passes through, and inner is closed. pooled is nil for a
// ConnResource.
func newConnection(slot *resourcepool.Resource, inner net.Conn, pooled *member) *connection {
	done := false
	defer func() {
		if !done {
			inner.Close() // nobody else knows of it
		}
	}()
	k := &connection{
		inner:      inner,
		probe:      sysnet.NewProbe(inner),
		slot:       slot,
		generation: slot.Generation() + 1,
		pooled:     pooled,
		closer:     sysnet.NewCloser(inner),
	}
	for i := range k.handles {
		k.handles[i].belong(k)
	}
	k.probe.Guard(k)
	k.startWatch()
	done = true
	return k
}

// belong makes a new Conn one of k's.
func (c *Conn) belong(k *connection) {
	c.of = k
	if k.pooled != nil {
		c.chores.Store(isPooled)
	}
}

// handOut returns the Conn that was not handed out last.
func (k *connection) handOut() *Conn {
	k.turn++
	c := &k.handles[0]
	if k.turn&1 != 0 {
		c = &k.handles[1]
	}
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
	if chores := c.chores.Load(); chores != 0 && c.do(chores) {
		return
	}
	c.Conn = nil
	c.of.slot.PutGeneration(c.of.generation)
}

// do is the rest of put, and reports whether that was all.
func (c *Conn) do(chores uint32) bool {
	if chores&hasDeadlines != 0 {
		c.clearDeadlines()
	}
	if chores&isPooled == 0 {
		return false
	}
	c.Conn = nil
	c.of.pooled.put(c.of)
	return true
}

func (c *Conn) close() error {
	if c.Conn != nil {
		c.Conn = nil
		c.closed = true
		c.of.byUser = true
		if c.of.pooled != nil {
			c.of.pooled.why.Store(uint32(ClosedByUser))
		}
		_, c.err = c.of.slot.ReleaseGeneration(c.of.generation)
	}
	return c.err
}
