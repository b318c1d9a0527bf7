package connpool

import (
	"net"

	"github.com/slotpool/slotpool/resourcepool"
)

// NewListener returns a listener whose connections hold slots, so that what comes
// in counts with what goes out. nil slots are GetResourcePool().
//
//   - Accept takes a slot first, and then accepts. It waits for the slot, and
//     evicts, as a Get does. While it waits for a client it holds that slot.
//   - A connection frees its slot at its first Close. It has the methods of the
//     connection that l returned, as a connection of Pool.DialContext has.
//   - If the process or the system has no descriptor left, Accept closes an idle
//     connection, also of another pool in which this module has dialled. With none
//     it tries again until there is a descriptor.
//   - Close ends an Accept that waits for a slot with net.ErrClosed. An Accept that
//     waits in l ends as l does it. Connections stay open.
//   - If slots is closed, Accept returns resourcepool.ErrPoolClosed, which is
//     net.ErrClosed to errors.Is.
//
// Give it a pool of its own, made by resourcepool.Pool.Sub. Then what comes in
// cannot take the slots that answering needs.
func NewListener(l net.Listener, slots *resourcepool.Pool) net.Listener {
	return newListener(l, slots)
}
