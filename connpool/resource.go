package connpool

import (
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// connResource is the body of ConnResource.
type connResource struct {
	network, address string
	slot             atomic.Pointer[resourcepool.Resource] // nil before first use
	flight           atomic.Pointer[flight]                // the last dial; nil before the first
	open             *connection                           // belongs to whoever has slot; nil if there is none
}

func newConnResource(network, address string) *ConnResource {
	return &ConnResource{connResource{network: network, address: address}}
}

// resource returns the slot's resource, which is made at first use, so that
// the global pool is not made sooner.
func (c *connResource) resource() *resourcepool.Resource {
	if r := c.slot.Load(); r != nil {
		return r
	}
	r := globalPool().CreateKeyed((*closer)(c), c.address)
	if c.slot.CompareAndSwap(nil, r) {
		return r
	}
	return c.slot.Load() // another Get was faster; nothing knows r but us
}

// get reuses the parked connection if there is one and it is alive. With a nil
// dialer it otherwise dials as Get does.
func (c *connResource) get(cancel <-chan struct{}, dialer Dialer, timeout time.Duration) (*Conn, error) {
	r := c.slot.Load()
	held := r != nil && r.TryGetUnchecked()
	if held && c.open.probe.Alive() {
		return c.open.handOut(), nil
	}
	return c.getSlow(held, cancel, dialer, timeout)
}

// getSlow is the rest of get: it waits, dials, and replaces what is dead. The
// resource may be held already, with a dead connection in it.
func (c *connResource) getSlow(held bool, cancel <-chan struct{}, dialer Dialer, timeout time.Duration) (*Conn, error) {
	d := &dial{resource: c, dialer: dialer, timeout: timeout, cancel: cancel}
	if !held {
		if err := c.resource().GetWith(cancel, d); err != nil {
			return nil, err
		}
		if d.done || c.open.probe.Alive() {
			return c.open.handOut(), nil
		}
	}
	if err := c.resource().Renew(d); err != nil {
		return nil, err
	}
	return c.open.handOut(), nil
}

func (c *connResource) scheduleClose() {
	if r := c.slot.Load(); r != nil {
		_ = r.ScheduleRelease() // its owner may still ask Close for the error
	}
}
