//go:build linux

package load

import (
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
)

// idleLook is how often a failed dial is looked into at most, and how long it
// takes to be sure.
const (
	idleLooks = 50 * time.Millisecond
	idleSure  = 5 * time.Millisecond
)

// checkIdle looks, after a Get that began at begun failed for want of a
// descriptor, for a connection that was idle all the while.
func (l *Load) checkIdle(s *site, begun time.Time, err error) {
	now := time.Since(l.Started)
	last := l.lookedAt.Load()
	if now-time.Duration(last) < idleLooks || !l.lookedAt.CompareAndSwap(last, int64(now)) {
		return
	}
	for _, other := range l.seenConns() {
		parked := other.idleSince()
		if parked == 0 || parked >= begun.Sub(l.Started) {
			continue
		}
		// One that has just been handed out may not be marked yet.
		time.Sleep(idleSure)
		if other.idleSince() == parked {
			l.Ledger.Fail(check.IdleDescriptor, "Get of %v failed (%v) while the connection to %v was idle for %v",
				s, err, other.conn.RemoteAddr(), now-parked)
			return
		}
	}
}

// Held returns the inodes of the sockets that users have in their hands.
func (l *Load) Held() map[uint64]bool {
	held := map[uint64]bool{}
	for _, s := range l.seenConns() {
		if s.holder.Load() != 0 {
			held[s.inode] = true
		}
	}
	return held
}
