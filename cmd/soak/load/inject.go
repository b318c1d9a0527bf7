//go:build linux

package load

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/wire"
	"github.com/slotpool/slotpool/connpool"
)

const (
	injectEvery   = 8 // turns of a user
	mostLeaks     = 20
	lostWakeups   = 2
	secondHolding = 30 * time.Millisecond
	unwatched     = 15 * time.Second // at most; looks are slow beside many sockets in TIME_WAIT
	mostUnwatched = 4                // or all users wait for these
)

// due reports whether a user shall break something at this turn.
func (u *user) due(i check.Injection) bool {
	return u.load.inject == i && u.turns%injectEvery == uint64(u.id)%injectEvery
}

// injectInUse breaks what can be broken while a connection is in use.
func (u *user) injectInUse(of *seen) {
	if u.due(check.InjectLeakFD) && u.load.injected.Add(1) <= mostLeaks {
		if of.raw != nil {
			_ = of.raw.Control(func(fd uintptr) { _, _ = syscall.Dup(int(fd)) })
		}
	}
	if u.due(check.InjectLeakGoroutine) && u.load.injected.Add(1) <= mostLeaks {
		go leakedGoroutine()
	}
}

// leakedGoroutine is named for the profile that names it.
func leakedGoroutine() { select {} }

// injectAfterPut goes on using a connection that is no longer the user's.
func (u *user) injectAfterPut(s *site, c *connpool.Conn, of *seen) bool {
	if !u.due(check.InjectDoubleHandout) {
		return false
	}
	inner := c.Conn
	c.Put()
	u.fill(s, wire.FrameHeader)
	_ = wire.Exchange(inner, u.request, u.scratch)
	time.Sleep(secondHolding)
	of.holder.CompareAndSwap(u.mark(), 0)
	return true
}

// injectCloseWait makes a connection pass for a parked one, which nobody looks
// at until that is noticed, and which its peer closes, as it is asked for nonsense.
func (u *user) injectCloseWait(of *seen) {
	if u.due(check.InjectCloseWait) && u.load.injected.Add(1) <= mostUnwatched {
		_, _ = of.conn.Write(make([]byte, wire.FramePrefix)) // more would make it a reset
		of.holder.CompareAndSwap(u.mark(), 0)
		for until := time.Now().Add(unwatched); time.Now().Before(until) && !u.load.Ledger.Failed(); {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// injectLostWakeup forgets to wake the user whose Get has been served.
func (u *user) injectLostWakeup(s *site, c *connpool.Conn) bool {
	if !u.due(check.InjectLostWakeup) || u.load.injected.Add(1) > lostWakeups {
		return false
	}
	c.Put()
	u.wait.Store(&wait{"a Get", s, time.Now()})
	<-u.load.abandoned
	u.wait.Store(nil)
	return true
}

// injectNoDescriptor makes a Get that succeeded one that failed for want of a
// descriptor, as the check of that sees it. In the dialer it would not do: the pool closes what
// is idle, and dials again.
func (u *user) injectNoDescriptor(s *site) {
	l := u.load
	if l.inject == check.InjectIdleDescriptor && l.injected.Add(1)%injectEvery == 0 {
		l.checkIdle(s, time.Now(), syscall.EMFILE)
	}
}

// injectSlowBeside makes Gets of healthy hosts slower than those of dead ones.
func (u *user) injectSlowBeside(t task) {
	if u.load.inject == check.InjectHealthyHosts && Phase(u.load.Phase.Load()) == PhaseDead && t.Zipf < 0.05 {
		time.Sleep(2 * dialTimeout)
	}
}

// injectWrong makes a connection on which the answers are wrong, but as long as the
// right ones.
func (u *user) injectWrong(conn net.Conn) net.Conn {
	if u.due(check.InjectForeignAnswer) {
		return wrongConn{conn}
	}
	return conn
}

type wrongConn struct{ net.Conn }

func (c wrongConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		b[n-1]++
	}
	return n, err
}

// injectClose closes a connection behind the back of the library.
func (u *user) injectClose(conn *connpool.Conn) {
	if u.due(check.InjectCloseOnce) && conn.Conn != nil {
		_ = conn.Conn.Close()
	}
}

var errInjected = errors.New("an error that no dialer has returned")

// injectError puts another error in the place of that of a Get.
func (u *user) injectError(err error) error {
	if err != nil && u.load.inject == check.InjectErrors {
		return errInjected
	}
	return err
}

// injectCount counts a Get once more.
func (u *user) injectCount(gets *atomic.Uint64) {
	if u.due(check.InjectAccounts) {
		gets.Add(1)
	}
}
