// Package connpool keeps connections to very many addresses within one limit on
// open descriptors.
//
// Every open connection holds one slot. All users of the process share one pool
// of slots, [GetResourcePool], whose size follows the limit on descriptors and what
// else the process has open. A connection that is put back, or parked, stays open
// until it is reused, or until its slot is needed for another address. When all slots
// are in use a Get waits, in order of arrival.
//
// There are three ways in:
//
//   - [Pool] is one value for any number of addresses, with several connections to
//     each if need be. Take this one.
//   - [ConnResource] is one connection to one address. It has the surface of the
//     package of Dominator that this one is a drop-in for.
//   - [Pool.DialContext] and [NewListener] are for code that has a pool of its own, or
//     accepts connections: they count what it has open.
//
// # Life of a connection
//
//	          Get: none parked
//	                │
//	                ▼
//	   a slot: free, or that of a parked connection
//	   which is closed for it, or waited for
//	                │
//	                ▼
//	   a dial, within the limit on descriptors
//	                │ failed: the slot is free, the Get has the error
//	                ▼
//	  ┌────────── in use ◀───────────────────────────────┐
//	  │             │ Put                                │ Get: the kernel
//	  │ Close       ▼                                    │ calls it alive
//	  │           parked ────────────────────────────────┘
//	  │             │
//	  │             │ its slot is needed; its peer has gone; it is dead when a
//	  ▼             ▼ Get looks; too old; CloseIdle
//	closed, the slot free
//
// # When not to use it
//
//   - Your addresses are few, or your descriptors suffice: a [net.Dialer] is simpler.
//   - You speak HTTP: package slothttp knows the protocol.
//   - Your peers send without being asked: a parked connection with unread bytes is not
//     reused.
//   - Your requests cannot be repeated, and must not fail: a peer may hang up between
//     the look at a parked connection and the request. No pool can rule this out.
//
// # Concurrency
//
// Functions, and the methods of Pool and ConnResource, may be called concurrently. A
// [Conn] belongs to the one goroutine, or group of goroutines, that got it, from Get to
// Put or Close.
package connpool
