//go:build linux

package load

import (
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/wire"
	"github.com/slotpool/slotpool/connpool"
)

const answerTimeout = 400 * time.Millisecond

// getting is a Get under way.
type getting struct {
	site  *site
	begun time.Time
	phase Phase
}

// beginGet notes that a Get of s begins.
func (u *user) beginGet(s *site, t task) getting {
	g := getting{s, time.Now(), Phase(u.load.Phase.Load())}
	u.wait.Store(&wait{"a Get", s, g.begun})
	u.injectSlowBeside(t)
	return g
}

// endGet notes that the Get has returned, whether it dialled, and err.
func (u *user) endGet(g getting, err error, dialled bool) {
	l := u.load
	took := time.Since(g.begun)
	u.wait.Store(nil)
	l.Gets.record(took)
	l.recordBeside(g.site, g.phase, took)
	if dialled {
		l.Dials.record(took)
	}
	if err == nil {
		l.Tally.add(CountGets)
		u.injectNoDescriptor(g.site)
	} else if errors.Is(err, syscall.EMFILE) {
		l.checkIdle(g.site, g.begun, err)
	}
}

// use does the task with a connection that is the user's, and gives it up.
func (u *user) use(s *site, t task, conn *connpool.Conn, before []sight) {
	h := u.hold(s, conn, before)
	err := u.talk(s, t, conn, h)
	if t.Finish == finishDie && err == nil {
		defer u.giveUp(s, finishPut, conn, h)
		runtime.Goexit()
	}
	u.giveUp(s, u.finishFor(t, err), conn, h)
}

// hold marks the user as the holder of conn, and checks that nobody else is.
func (u *user) hold(s *site, conn *connpool.Conn, before []sight) *seen {
	l := u.load
	of := placeOf(s).see(conn.Conn)
	if !of.holder.CompareAndSwap(0, u.mark()) {
		l.Ledger.Fail(check.DoubleHandout, "%v was given to user %d while user %d held it", s, u.id, of.holder.Load()-1)
	}
	of.parked.Store(0)
	u.judgeHandout(s, of.handedOut(before))
	if remote := conn.RemoteAddr().String(); remote != s.Address {
		l.Ledger.Fail(check.ForeignAnswer, "%v: user %d got a connection to %s", s, u.id, remote)
	}
	u.injectInUse(of)
	return of
}

// mark is the user as a holder.
func (u *user) mark() int64 { return int64(u.id) + 1 }

func (u *user) judgeHandout(s *site, h handout) {
	l := u.load
	if h.reused {
		l.Tally.add(CountReused)
	}
	l.Tally[CountSeenDead].Add(uint64(h.replaced))
	switch {
	case h.stale:
		l.Ledger.Fail(check.StaleReuse, "%v: user %d got a connection that was dead before its Get began", s, u.id)
	case h.dead:
		l.Tally.add(CountRaceWindow)
	}
}

// talk holds the connection for a while and makes the task's requests.
func (u *user) talk(s *site, t task, conn *connpool.Conn, of *seen) error {
	for i := range t.Requests {
		time.Sleep(t.Hold / time.Duration(t.Requests))
		u.fill(s, t.Size)
		begun := time.Now()
		_ = conn.SetDeadline(begun.Add(answerTimeout)) // a dead connection shows below
		if t.Finish == finishCloseUnread && i == t.Requests-1 {
			_, err := conn.Write(u.request)
			return err
		}
		err := wire.Exchange(u.injectWrong(conn), u.request, u.scratch[:t.Size])
		switch {
		case errors.Is(err, wire.ErrForeignAnswer) && of.owed.Load():
			u.load.Tally.add(CountUnexpected)
			return wire.ErrUnexpectedBytes
		case errors.Is(err, wire.ErrForeignAnswer), errors.Is(err, wire.ErrCorruptAnswer):
			u.load.Ledger.Fail(check.ForeignAnswer, "%v: user %d: %v", s, u.id, err)
			return err
		case err == wire.ErrUnexpectedBytes:
			u.load.Tally.add(CountUnexpected)
			return err
		case err != nil:
			u.load.Tally.add(CountBroken)
			return u.afterTimeout(conn, t, of, err)
		}
		u.load.Requests.record(time.Since(begun))
		u.load.Tally.add(CountRequests)
	}
	return conn.SetDeadline(time.Time{})
}

// finishFor returns how to give up a connection after err. One that failed is
// closed, but now and then put if the kernel will call it dead for ever.
func (u *user) finishFor(t task, err error) finish {
	if err == nil {
		return t.Finish
	}
	if err == errFlooded && t.Finish == finishPut && t.Even < 0.5 {
		u.load.Tally.add(CountPutDead)
		return finishPut
	}
	ended := err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
	if ended && t.Finish == finishPut && t.Even < 0.5 && !errors.Is(err, os.ErrDeadlineExceeded) {
		u.load.Tally.add(CountPutDead)
		return finishPut
	}
	return finishClose
}

// giveUp ends the user's holding of conn.
func (u *user) giveUp(s *site, how finish, conn *connpool.Conn, of *seen) {
	if how == finishPut && u.injectAfterPut(s, conn, of) {
		return
	}
	u.injectCloseWait(of)
	u.injectClose(conn)
	u.letGo(of, how == finishPut)
	u.wait.Store(&wait{"a " + string(how), s, time.Now()})
	defer u.wait.Store(nil)
	switch how {
	case finishClose, finishCloseUnread:
		_ = conn.Close() // of a broken connection, perhaps
	case finishPutClosed:
		_ = conn.Close()
		conn.Put()
	case finishScheduleClose:
		s.ScheduleClose()
		conn.Put()
	case finishPutTwice:
		conn.Put()
		u.putAgain(s, conn)
	default:
		conn.Put()
	}
}

// letGo marks that the user has the connection no more, just before that is so:
// as soon as it is put another may have it.
func (u *user) letGo(of *seen, parks bool) {
	if parks {
		of.parked.Store(max(int64(time.Since(u.load.Started)), 1))
	}
	of.holder.CompareAndSwap(u.mark(), 0)
}

// putAgain puts a connection a second time, which must panic. Only the user
// has the site, so that no other can have the connection by now.
func (u *user) putAgain(s *site, conn *connpool.Conn) {
	defer func() {
		const want = "Resource was not gotten"
		if p := recover(); p != want {
			u.load.Ledger.Fail(check.Errors, "second Put of %v: panic %v, want %q", s, p, want)
			return
		}
		u.load.Tally.add(CountPutTwice)
	}()
	conn.Put()
}
