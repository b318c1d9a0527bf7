//go:build linux

package load

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/server"
	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// resourceAPI is connpool.New: a ConnResource for each address, in slots of the
// process's pool.
type resourceAPI struct {
	load *Load

	// As its users count: Gets that succeeded, that were cancelled, and whose dial
	// failed, panicked or ended its goroutine.
	gets, cancelled, failed atomic.Uint64
}

func (a *resourceAPI) begin(*Load) {}

func (a *resourceAPI) open(e server.Endpoint) Way {
	return &resourceWay{ConnResource: connpool.New(e.Network, e.Target()), api: a}
}

func (a *resourceAPI) drain(context.Context) error { return nil }

// end compares the totals of the process's pool, less those of the pools below it, with
// what the users of ConnResources counted.
//
// A Get that is cancelled while its dial waits for descriptors to look its name up
// with was served, as the pool sees it, and its Allocate failed. The user cannot tell
// it from another. But the sum of cancelled waits and failed Allocates is exact.
func (a *resourceAPI) end(context.Context) {
	l := a.load
	s := l.ownStats()
	gets := a.gets.Load() + l.direct()
	if s.Gets != gets {
		l.Ledger.Fail(check.Accounts, "the pool counted %d Gets, its users %d", s.Gets, gets)
	}
	if l.direct() != 0 {
		return // a Pool dials for nobody, and its failures are among these
	}
	if s.Gets != s.Reuses+s.Allocations {
		l.Ledger.Fail(check.Accounts, "%d Gets, but %d reuses and %d allocations", s.Gets, s.Reuses, s.Allocations)
	}
	pool, users := s.CancelledWaits+s.AllocationErrors, a.cancelled.Load()+a.failed.Load()
	if pool != users || s.CancelledWaits > a.cancelled.Load() {
		l.Ledger.Fail(check.Accounts, "the pool counted %d cancelled waits and %d failed Allocates, its users %d cancelled Gets and %d failed dials",
			s.CancelledWaits, s.AllocationErrors, a.cancelled.Load(), a.failed.Load())
	}
	l.Ledger.Note(check.Accounts, "%d Gets and %d cancelled ones by both counts, of these %d in their dial",
		s.Gets, a.cancelled.Load(), a.cancelled.Load()-s.CancelledWaits)
}

// resourceWay is one ConnResource.
type resourceWay struct {
	*connpool.ConnResource
	api   *resourceAPI
	conns place
}

func (w *resourceWay) place() *place { return &w.conns }
func (w *resourceWay) forget()       {}

func (w *resourceWay) visit(u *user, s *site, t task) bool {
	before := u.observe(&w.conns)
	conn := w.get(u, s, t)
	if conn == nil {
		return false
	}
	u.use(s, t, conn, before)
	return true
}

// get asks for the connection in the way of the task, and checks what comes of
// it. It returns nil if the Get failed.
func (w *resourceWay) get(u *user, s *site, t task) (conn *connpool.Conn) {
	d := u.dialerFor(s, t)
	cancel, done := u.canceler(t)
	defer done()
	g := u.beginGet(s, t)
	defer func() {
		if p := recover(); p != nil {
			if d == nil || d.panicked == nil || p != any(d.panicked) {
				panic(p)
			}
			w.api.failed.Add(1)
			u.load.Tally.add(CountPanics)
		}
		u.wait.Store(nil)
	}()
	conn, err := w.ask(cancel, d)
	u.endGet(g, err, d != nil && d.called)
	if err == nil && conn != nil {
		w.api.gets.Add(1)
		u.injectCount(&w.api.gets)
		if u.injectLostWakeup(s, conn) {
			return nil
		}
	}
	w.judge(u, s, d, cancel != nil, conn, u.injectError(err))
	return conn
}

// ask is the Get, by the dialer or, if that is nil, as the library dials by itself.
func (w *resourceWay) ask(cancel <-chan struct{}, d *dialer) (*connpool.Conn, error) {
	if d == nil {
		return w.Get(cancel, dialTimeout)
	}
	d.exits = &w.api.failed
	return w.GetWithDialer(cancel, d)
}

// dialerFor returns nil for the pool's own dialer.
func (u *user) dialerFor(s *site, t task) *dialer {
	strikes := u.dialStrikes(t)
	if !t.OwnDialer && !s.TLS && s.Name == "" && strikes == 0 {
		return nil
	}
	return &dialer{load: u.load, site: s, fault: strikes}
}

// dialStrikes are the faults that strike the dial of a task.
func (u *user) dialStrikes(t task) Faults {
	if t.DialDice < dialShare {
		return Faults(u.load.Active.Load()) & dialFaults
	}
	return 0
}

// mode is how the task asks for its connection, and after which time it gives
// up, if it does.
func (u *user) mode(t task) (getMode, time.Duration) {
	mode, after := t.Get, 200*time.Millisecond+5*t.CancelAfter
	if Faults(u.load.Active.Load()).has(FaultCancel) && t.CancelDice < cancelShare {
		u.load.struck(FaultCancel)
		after = time.Duration(t.CancelDice / cancelShare * float64(cancelWithin))
		if mode == getWaits {
			mode = getContext
		}
	}
	return mode, after
}

// canceler makes the task's cancel channel, and what to do after the Get.
func (u *user) canceler(t task) (cancel <-chan struct{}, done func()) {
	mode, after := u.mode(t)
	switch mode {
	case getImmediate:
		return resourcepool.MakeImmediateCanceler(), func() {}
	case getClosed:
		c := make(chan struct{})
		close(c)
		return c, func() {}
	case getContext:
		ctx, stop := context.WithTimeout(context.Background(), after)
		return ctx.Done(), stop
	case getSend:
		c := make(chan struct{})
		timer := time.AfterFunc(after, func() {
			select {
			case c <- struct{}{}:
			default: // not waiting: the Get goes on
			}
		})
		return c, func() { timer.Stop() }
	}
	return nil, func() {}
}

// judge checks that the outcome of a Get is one that it may have.
func (w *resourceWay) judge(u *user, s *site, d *dialer, cancellable bool, conn *connpool.Conn, err error) {
	l := u.load
	var opError *net.OpError
	switch {
	case err == nil && conn == nil:
		l.Ledger.Fail(check.Errors, "Get of %v returned neither a connection nor an error", s)
	case err != nil && conn != nil:
		l.Ledger.Fail(check.Errors, "Get of %v returned a connection and the error %v", s, err)
	case d != nil && d.called && d.panicked != nil:
		l.Ledger.Fail(check.Errors, "Get of %v returned %v although its dialer panicked", s, err)
	case d != nil && d.called && err != d.failure:
		l.Ledger.Fail(check.Errors, "Get of %v returned the error %v, its dialer %v", s, err, d.failure)
	case err == nil:
	case err == resourcepool.ErrorPutTimeout || err == resourcepool.ErrorResourceLimitExceeded:
		w.api.cancelled.Add(1)
		l.Tally.add(CountCancelled)
		if !cancellable {
			l.Ledger.Fail(check.Errors, "Get of %v without a canceler returned %v", s, err)
		}
	case d == nil && !errors.As(err, &opError):
		l.Ledger.Fail(check.Errors, "Get of %v returned %T %v, which is no error of a dial", s, err, err)
	default:
		w.api.failed.Add(1)
		l.countDialError(err)
	}
}

func (l *Load) countDialError(err error) {
	l.Tally.add(CountDialErrors)
	var netError net.Error
	switch {
	case errors.Is(err, syscall.EMFILE):
		l.Tally.add(CountEMFILE)
	case errors.Is(err, syscall.ECONNREFUSED):
		l.Tally.add(CountRefused)
	case errors.As(err, &netError) && netError.Timeout():
		l.Tally.add(CountTimeouts)
	}
}
