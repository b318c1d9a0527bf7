//go:build linux

package load

import (
	"context"
	"errors"
	"net"
	"runtime"
	"strings"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// poolWay is an address through a Pool.
type poolWay struct {
	of               *soakedPool
	network, address string
	conns            *poolPlace
}

func (w *poolWay) place() *place  { return &w.conns.place }
func (w *poolWay) forget()        { w.of.leave(w.network, w.address) }
func (w *poolWay) ScheduleClose() { w.of.pool.CloseIdle(w.network, w.address) }

const doShare = 0.25 // of tasks that are done by Do

func (w *poolWay) visit(u *user, s *site, t task) bool {
	v := &poolVisit{poolWay: w, user: u, site: s, task: t}
	defer v.context()()
	v.before = u.observe(&w.conns.place)
	v.getting = u.beginGet(s, t)
	defer v.recover()
	switch {
	case v.mode == getImmediate && w.of.plain:
		v.tryGet()
	case t.Even >= 1-doShare:
		v.do()
	default:
		v.get()
	}
	return v.served
}

// poolVisit is one task of a user at a poolWay.
type poolVisit struct {
	*poolWay
	user    *user
	site    *site
	task    task
	ctx     context.Context
	mode    getMode
	before  []sight
	getting getting
	served  bool // there was a connection
}

// context makes the context of the Get, and returns its end. It has the dialer
// among its values.
func (v *poolVisit) context() (done func()) {
	mode, after := v.user.mode(v.task)
	d := &dialer{load: v.user.load, site: v.site, fault: v.user.dialStrikes(v.task)}
	v.mode, v.ctx = mode, context.WithValue(context.Background(), dialerKey{}, d)
	stop := func() {}
	switch mode {
	case getWaits:
	case getClosed:
		v.ctx, stop = context.WithCancel(v.ctx)
		stop()
	case getSend: // by a call rather than by a deadline
		ctx, cancel := context.WithCancel(v.ctx)
		timer := time.AfterFunc(after, cancel)
		v.ctx, stop = ctx, func() { timer.Stop(); cancel() }
	default:
		v.ctx, stop = context.WithTimeout(v.ctx, after)
	}
	return stop
}

// recover lets nothing pass but what the soak's dialer has panicked with.
func (v *poolVisit) recover() {
	v.user.wait.Store(nil)
	p := recover()
	if raised, ok := p.(*dialPanic); ok && !v.served && raised.address == v.address {
		v.of.failed.Add(1)
		v.user.load.Tally.add(CountPanics)
	} else if p != nil {
		panic(p)
	}
}

// got notes that the Get returned conn.
func (v *poolVisit) got(conn *connpool.Conn) {
	v.served = true
	v.of.gets.Add(1)
	v.user.injectCount(&v.of.gets)
	if conn.Reused() {
		v.of.reused.Add(1)
	}
	v.user.endGet(v.getting, nil, !conn.Reused())
	if v.mode == getClosed {
		v.fail(check.Errors, "was served though its context was over")
	}
}

func (v *poolVisit) fail(name, format string, args ...any) {
	v.user.load.Ledger.Fail(name, "Get of %v by a Pool "+format, append([]any{v.site}, args...)...)
}

func (v *poolVisit) tryGet() {
	conn, ok := v.of.pool.TryGet(v.network, v.address)
	switch {
	case ok:
		v.got(conn)
		v.user.use(v.site, v.task, conn, v.before)
	case conn != nil:
		v.fail(check.Errors, "without a wait returned a connection and false")
	default:
		v.user.endGet(v.getting, errNoneIdle, false)
	}
}

var errNoneIdle = errors.New("none is idle")

func (v *poolVisit) get() {
	conn, err := v.of.pool.Get(v.ctx, v.network, v.address)
	if err != nil || conn == nil {
		v.user.endGet(v.getting, err, false)
		v.judge(conn, v.user.injectError(err))
		return
	}
	v.got(conn)
	if !v.user.injectLostWakeup(v.site, conn) {
		v.user.use(v.site, v.task, conn, v.before)
	}
}

// errTask makes Do close a connection.
var errTask = errors.New("the task is to close the connection")

func (v *poolVisit) do() {
	want := error(nil)
	err := v.of.pool.Do(v.ctx, v.network, v.address, func(conn *connpool.Conn) error {
		v.got(conn)
		want = v.doTask(conn)
		return want
	})
	if !v.served {
		v.user.endGet(v.getting, err, false)
		v.judge(nil, v.user.injectError(err))
	} else if err != want {
		v.fail(check.Errors, "and Do returned %v, what it called %v", err, want)
	}
}

// doTask is the task in Do, which puts the connection if this returns nil and has left
// it open, and closes it if this fails or ends the goroutine.
func (v *poolVisit) doTask(conn *connpool.Conn) error {
	u := v.user
	of := u.hold(v.site, conn, v.before)
	err := u.talk(v.site, v.task, conn, of)
	how := u.finishFor(v.task, err)
	switch {
	case v.task.Finish == finishDie && err == nil:
		u.letGo(of, false)
		runtime.Goexit()
	case how == finishPut:
		u.letGo(of, true)
	case how == finishClose:
		u.letGo(of, false)
		return errTask
	default:
		u.giveUp(v.site, how, conn, of)
	}
	return nil
}

// judge checks that a Get may fail as it did, and counts it.
func (v *poolVisit) judge(conn *connpool.Conn, err error) {
	var get *connpool.GetError
	var wait *resourcepool.WaitError
	switch {
	case err == nil:
		v.fail(check.Errors, "returned neither a connection nor an error")
	case conn != nil:
		v.fail(check.Errors, "returned a connection and the error %v", err)
	case !errors.As(err, &get) || get.Network != v.network || get.Address != v.address:
		v.fail(check.Errors, "returned %T %v, which does not say that", err, err)
	case v.ofDial(err):
		v.of.failed.Add(1)
		v.user.load.countDialError(err)
	case v.ctx.Err() == nil || !errors.Is(err, v.ctx.Err()):
		v.fail(check.Errors, "returned %v; its context says %v", err, v.ctx.Err())
	case errors.As(err, &wait):
		v.of.failed.Add(1)
		v.user.load.Tally.add(CountCancelled)
	default: // it has not begun
		v.user.load.Tally.add(CountCancelled)
	}
}

// ofDial reports whether the error is that of a dial, and checks that it is one of
// this address which no Get should be spared.
func (v *poolVisit) ofDial(err error) bool {
	var dial *dialError
	var op *net.OpError
	switch {
	case errors.As(err, &dial):
		if dial.address != v.address {
			v.fail(check.Errors, "returned an error of the dial of %s: %v", dial.address, err)
		}
		if errors.Is(dial.err, context.Canceled) {
			v.fail(check.Errors, "returned the error of a dial that was cancelled, as for nobody: %v", err)
		}
		return true
	case errors.As(err, &op):
		return v.of.plain
	}
	text := err.Error()
	return strings.Contains(text, (&dialPanic{v.address}).Error()) || // of a panic that another Get has
		strings.Contains(text, "ended its goroutine") && v.user.load.StruckBy[FaultDialExit].Load() != 0
}

// dialerKey is the key of a Get's dialer among the values of its context.
type dialerKey struct{}

// dialError is what a dial of a Pool returned.
type dialError struct {
	address string
	err     error
}

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

var errNoDialer = errors.New("the dial has not the values of the context of its Get")

// dial is the DialFunc: that of the Get which led to it.
func (p *soakedPool) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d, ok := ctx.Value(dialerKey{}).(*dialer)
	if !ok {
		p.load.Ledger.Fail(check.Errors, "%s: %v", address, errNoDialer)
		return nil, errNoDialer
	}
	conn, err := d.dial(ctx, network, address)
	if err != nil {
		return conn, &dialError{address, err}
	}
	return conn, nil
}
