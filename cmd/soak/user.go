//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

const answerTimeout = 400 * time.Millisecond

// get asks for the site's connection in the way of the task, and checks what
// comes of it. It returns nil if the Get failed.
func (u *user) get(s *site, t task) (conn *connpool.Conn) {
	l := u.load
	d := u.dialerFor(s, t)
	cancel, done := u.canceler(t)
	defer done()
	begun := time.Now()
	u.wait.Store(&wait{"a Get", s, begun})
	defer func() {
		if p := recover(); p != nil {
			if d == nil || d.panicked == nil || p != d.panicked {
				panic(p)
			}
			l.tally.add(countPanics)
		}
		u.wait.Store(nil)
	}()
	var err error
	if d != nil {
		conn, err = s.resource.GetWithDialer(cancel, d)
	} else {
		conn, err = s.resource.Get(cancel, dialTimeout)
	}
	took := time.Since(begun)
	l.gets.record(took)
	if d != nil && d.called {
		l.dials.record(took)
	}
	if err == nil && conn != nil {
		l.tally.add(countGets)
		if u.injectLostWakeup(conn) {
			return nil
		}
	}
	u.judge(s, t, d, cancel != nil, conn, err)
	return conn
}

// dialerFor returns nil for the pool's own dialer.
func (u *user) dialerFor(s *site, t task) *dialer {
	var strikes faultBits
	if t.DialDice < dialShare {
		strikes = faultBits(u.load.active.Load()) & dialFaults
	}
	if !t.OwnDialer && !s.TLS && strikes == 0 {
		return nil
	}
	return &dialer{load: u.load, site: s, fault: strikes}
}

// canceler makes the task's cancel channel, and what to do after the Get.
func (u *user) canceler(t task) (cancel <-chan struct{}, done func()) {
	mode, after := t.Get, 200*time.Millisecond+5*t.CancelAfter
	if faultBits(u.load.active.Load()).has(faultCancel) && t.CancelDice < cancelShare {
		u.load.struck(faultCancel)
		after = time.Duration(t.CancelDice / cancelShare * float64(cancelWithin))
		if mode == getWaits {
			mode = getContext
		}
	}
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
func (u *user) judge(s *site, t task, d *dialer, cancellable bool, conn *connpool.Conn, err error) {
	l := u.load
	var opError *net.OpError
	switch {
	case err == nil && conn == nil:
		l.ledger.fail(checkErrors, "Get of %v returned neither a connection nor an error", s)
	case err != nil && conn != nil:
		l.ledger.fail(checkErrors, "Get of %v returned a connection and the error %v", s, err)
	case d != nil && d.called && d.panicked != nil:
		l.ledger.fail(checkErrors, "Get of %v returned %v although its dialer panicked", s, err)
	case d != nil && d.called && err != d.failure:
		l.ledger.fail(checkErrors, "Get of %v returned the error %v, its dialer %v", s, err, d.failure)
	case err == nil:
	case err == resourcepool.ErrorPutTimeout || err == resourcepool.ErrorResourceLimitExceeded:
		l.tally.add(countCancelled)
		if !cancellable {
			l.ledger.fail(checkErrors, "Get of %v without a canceler returned %v", s, err)
		}
	case d == nil && !errors.As(err, &opError):
		l.ledger.fail(checkErrors, "Get of %v returned %T %v, which is no error of a dial", s, err, err)
	default:
		u.countDialError(err)
	}
}

func (u *user) countDialError(err error) {
	l := u.load
	l.tally.add(countDialErrors)
	var netError net.Error
	switch {
	case errors.Is(err, syscall.EMFILE):
		l.tally.add(countEMFILE)
		l.struck(faultEMFILE)
	case errors.Is(err, syscall.ECONNREFUSED):
		l.tally.add(countRefused)
	case errors.As(err, &netError) && netError.Timeout():
		l.tally.add(countTimeouts)
	}
}

// use does the task with a connection that is the user's, and gives it up.
func (u *user) use(s *site, t task, conn *connpool.Conn, before observation) {
	l := u.load
	holder := int64(u.id) + 1
	if !s.holder.CompareAndSwap(0, holder) {
		l.ledger.fail(checkDoubleHandout, "%v was given to user %d while user %d held it", s, u.id, s.holder.Load()-1)
	}
	u.judgeHandout(s, s.handedOut(conn.Conn, before))
	if remote := conn.RemoteAddr().String(); remote != s.Address {
		l.ledger.fail(checkForeign, "%v: user %d got a connection to %s", s, u.id, remote)
	}
	u.injectInUse(s)
	err := u.talk(s, t, conn)
	if t.Finish == finishDie && err == nil {
		defer u.giveUp(s, finishPut, conn, holder)
		runtime.Goexit()
	}
	u.giveUp(s, u.finishFor(t, s, err), conn, holder)
}

func (u *user) judgeHandout(s *site, h handout) {
	l := u.load
	if h.reused {
		l.tally.add(countReused)
	}
	if h.replaced {
		l.tally.add(countSeenDead)
	}
	switch {
	case h.stale:
		l.ledger.fail(checkStale, "%v: user %d got a connection that was dead before its Get began", s, u.id)
	case h.dead:
		l.tally.add(countRaceWindow)
	}
}

// talk holds the connection for a while and makes the task's requests.
func (u *user) talk(s *site, t task, conn *connpool.Conn) error {
	for i := range t.Requests {
		time.Sleep(t.Hold / time.Duration(t.Requests))
		u.fill(s, t.Size)
		begun := time.Now()
		_ = conn.SetDeadline(begun.Add(answerTimeout)) // a dead connection shows below
		if t.Finish == finishCloseUnread && i == t.Requests-1 {
			_, err := conn.Write(u.request)
			return err
		}
		err := exchange(conn, u.request, u.scratch[:t.Size])
		switch {
		case errors.Is(err, errForeignAnswer), errors.Is(err, errCorruptAnswer):
			u.load.ledger.fail(checkForeign, "%v: user %d: %v", s, u.id, err)
			return err
		case err == errUnexpectedBytes:
			u.load.tally.add(countUnexpected)
			return err
		case err != nil:
			u.load.tally.add(countBroken)
			return err
		}
		u.load.requests.record(time.Since(begun))
		u.load.tally.add(countRequests)
	}
	return conn.SetDeadline(time.Time{})
}

// finishFor returns how to give up a connection after err. One that failed is
// closed, but now and then put if the kernel will call it dead for ever.
func (u *user) finishFor(t task, s *site, err error) finish {
	if err == nil {
		return t.Finish
	}
	ended := err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
	if ended && t.Finish == finishPut && t.Even < 0.5 && !errors.Is(err, os.ErrDeadlineExceeded) {
		u.load.tally.add(countPutDead)
		return finishPut
	}
	return finishClose
}

// giveUp ends the user's holding of conn.
func (u *user) giveUp(s *site, how finish, conn *connpool.Conn, holder int64) {
	if how == finishPut && u.injectAfterPut(s, conn, holder) {
		return
	}
	s.holder.CompareAndSwap(holder, 0)
	u.wait.Store(&wait{"a " + string(how), s, time.Now()})
	defer u.wait.Store(nil)
	switch how {
	case finishClose, finishCloseUnread:
		_ = conn.Close() // of a broken connection, perhaps
	case finishPutClosed:
		_ = conn.Close()
		conn.Put()
	case finishScheduleClose:
		s.resource.ScheduleClose()
		conn.Put()
	case finishPutTwice:
		conn.Put()
		u.putAgain(s, conn)
	default:
		conn.Put()
	}
}

// putAgain puts a connection a second time, which must panic. Only the user
// has the site, so that no other can have the connection by now.
func (u *user) putAgain(s *site, conn *connpool.Conn) {
	defer func() {
		const want = "Resource was not gotten"
		if p := recover(); p != want {
			u.load.ledger.fail(checkErrors, "second Put of %v: panic %v, want %q", s, p, want)
			return
		}
		u.load.tally.add(countPutTwice)
	}()
	conn.Put()
}
