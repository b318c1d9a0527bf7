package connpool

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/slotpool/slotpool/internal/sysnet"
)

// Release closes the connection. Unless its own user does, that is a Get of quite
// another address, or one that found the connection dead, or a Put, none of which
// may wait for a peer: see sysnet.Closer.
func (r *closer) Release() error {
	k := r.open
	r.open = nil
	watcher.Forget(k.watch)
	if k.byUser {
		return k.inner.Close()
	}
	return k.closer.Close(k.probe)
}

// ReleaseNeverBlocks tells the resourcepool, before it calls Release, whether it
// is known that Release will not wait. What a dialer of the caller's returned may
// be anything.
func (r *closer) ReleaseNeverBlocks() bool {
	k := r.open
	return k == nil || k.closer.NeverBlocks() && !k.byUser
}

// Undo is called when a method of the user's connection panics while a Get looks
// at it: the Get will not return, so its connection and slot are given up.
func (k *connection) Undo() { _, _ = k.slot.ReleaseGeneration(k.generation) }

// watcher sees the peers of all connections go.
var watcher sysnet.Watcher

// watchPeers is false in tests of what Get's look at a connection finds alone.
var watchPeers = true

// startWatch has PeerGone called once the peer is gone. If it cannot be, the
// look at the next Get must do.
func (k *connection) startWatch() {
	if watchPeers {
		k.watch, _ = watcher.Watch(k.probe, k)
	}
}

// PeerGone closes the connection if it is parked, and has it closed at its Put if
// it is in use, as its user may still read what has come. The generation tells it
// from those that came after it in its slot. The news may come as soon as Watch
// is called, so before Allocate has ended.
func (k *connection) PeerGone() {
	if k.pooled != nil {
		k.pooled.blame(ClosedByPeer)
	}
	if k.closer.NeverBlocks() {
		k.slot.ScheduleGeneration(k.generation)
	} else {
		go k.closeForeign()
	}
}

// closeForeign calls somebody else's Close, of which it is not known what it
// does. There is no caller whom its panic would tell anything.
func (k *connection) closeForeign() {
	defer func() {
		if v := recover(); v != nil {
			slog.Error("connpool: panic in Close of a connection whose peer has gone",
				"type", fmt.Sprintf("%T", k.inner), "panic", v, "stack", string(debug.Stack()))
		}
	}()
	k.slot.ScheduleGeneration(k.generation)
}
