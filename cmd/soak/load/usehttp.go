//go:build linux

package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"runtime"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/wire"
)

// httpWay is an address through a Transport.
type httpWay struct {
	of           *httpAPI
	scheme, host string
	socket       site // what is dialled
}

func (w *httpWay) forget() {}

// ScheduleClose closes what is idle, of all addresses: a Transport can do no less.
func (w *httpWay) ScheduleClose() { w.of.transport.CloseIdleConnections() }

const (
	longestBody  = 400 * time.Millisecond // for which a user keeps an answer
	repeatable   = 0.5                    // part of the requests that may be sent again
	closingShare = 0.1                    // of the tasks that would close what is idle
)

func (w *httpWay) visit(u *user, s *site, t task) bool {
	for i := range t.Requests {
		v := &httpVisit{httpWay: w, user: u, site: s, task: t, last: i == t.Requests-1}
		if !v.request() {
			return i > 0
		}
	}
	return true
}

// httpVisit is one request.
type httpVisit struct {
	*httpWay
	user    *user
	site    *site
	task    task
	last    bool // of the task
	getting getting
	got     bool // it had a connection
}

// request makes the request and reads the answer. It is false if there was none.
func (v *httpVisit) request() bool {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer v.giveUp(cancel)()
	u := v.user
	u.fill(v.site, v.task.Size)
	r, err := v.make(ctx, cancel, bytes.Clone(u.request)) // which may be read after RoundTrip
	if err != nil {
		v.fail(check.Errors, "cannot be made: %v", err)
		return false
	}
	v.getting = u.beginGet(v.site, v.task)
	defer v.recover()
	answer, err := v.of.transport.RoundTrip(r)
	if !v.got {
		u.endGet(v.getting, orNone(err), false)
	}
	if err != nil {
		v.judge(ctx, err)
		return false
	}
	u.wait.Store(nil)
	return v.read(ctx, answer)
}

var errNoConnection = errors.New("an answer without a connection")

// orNone is err, or what a Get without a connection is when there is none.
func orNone(err error) error {
	if err == nil {
		return errNoConnection
	}
	return err
}

func (v *httpVisit) make(ctx context.Context, cancel func(), frame []byte) (*http.Request, error) {
	u := v.user
	d := &dialer{load: u.load, site: &v.socket, fault: u.dialStrikes(v.task)}
	ctx = context.WithValue(ctx, dialerKey{}, d)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		v.of.gotten.Add(1)
		if !v.got { // else it is the next attempt
			v.got = true
			u.endGet(v.getting, nil, !i.Reused)
			if i.Reused {
				u.load.Tally.add(CountReused)
			}
		}
		time.AfterFunc(answerTimeout+longestBody, cancel)
	}})
	address := url.URL{Scheme: v.scheme, Host: v.host, Path: "/"}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), bytes.NewReader(frame))
	if err == nil && v.task.Even < repeatable {
		r.Header.Set("Idempotency-Key", fmt.Sprint(u.id, u.frames))
	}
	return r, err
}

// giveUp has the request cancelled when the task says, and returns what to do after it.
func (v *httpVisit) giveUp(cancel func()) (done func()) {
	mode, after := v.user.mode(v.task)
	switch mode {
	case getWaits:
		return func() {}
	case getClosed, getImmediate:
		after = time.Millisecond
	}
	timer := time.AfterFunc(after, cancel)
	return func() { timer.Stop() }
}

// recover lets nothing pass but what the soak's dialer has panicked with, perhaps
// when the request was sent again.
func (v *httpVisit) recover() {
	v.user.wait.Store(nil)
	p := recover()
	if raised, ok := p.(*dialPanic); ok && raised.address == v.socket.Target() {
		v.user.load.Tally.add(CountPanics)
	} else if p != nil {
		panic(p)
	}
}

func (v *httpVisit) fail(name, format string, args ...any) {
	v.user.load.Ledger.Fail(name, "request to %v by HTTP "+format, append([]any{v.site}, args...)...)
}

// judge counts a request that failed, and checks that it may.
func (v *httpVisit) judge(ctx context.Context, err error) {
	l := v.user.load
	var dial *dialError
	switch {
	case errors.As(err, &dial) && dial.address != v.socket.Target():
		v.fail(check.Errors, "returned an error of the dial of %s: %v", dial.address, err)
	case ctx.Err() == nil && (errors.Is(err, context.Canceled) && dial == nil):
		v.fail(check.Errors, "was cancelled by nobody: %v", err)
	case ctx.Err() != nil && !v.got:
		l.Tally.add(CountCancelled)
	case v.got:
		l.Tally.add(CountBroken)
	default:
		l.countDialError(err)
	}
}

// read holds the answer for a while, and reads and compares it.
func (v *httpVisit) read(ctx context.Context, answer *http.Response) bool {
	u, l := v.user, v.user.load
	defer func() { _ = answer.Body.Close() }() // also of one who dies
	time.Sleep(min(v.task.Hold/time.Duration(v.task.Requests), longestBody))
	if v.last && v.unread(answer) {
		return true
	}
	got := u.scratch[:v.task.Size]
	n, err := io.ReadFull(answer.Body, got)
	switch {
	case err != nil:
		l.Tally.add(CountBroken)
		return false
	case answer.StatusCode != http.StatusOK || answer.ContentLength != int64(n):
		v.fail(check.ForeignAnswer, "was answered by %s with %d bytes, not %d", answer.Status, answer.ContentLength, n)
	case !bytes.Equal(got, u.request):
		v.fail(check.ForeignAnswer, "of user %d: %v", u.id, wire.Compare(got, u.request))
	}
	l.Tally.add(CountRequests)
	if more, err := io.Copy(io.Discard, answer.Body); more != 0 || err != nil {
		v.fail(check.ForeignAnswer, "has %d bytes after its answer, and the error %v", more, err)
	}
	return true
}

// unread ends the task without reading the answer, if that is how it shall end.
func (v *httpVisit) unread(answer *http.Response) bool {
	switch v.task.Finish {
	case finishDie:
		runtime.Goexit()
	case finishClose, finishCloseUnread:
		return true
	case finishScheduleClose:
		if v.task.Zipf < closingShare {
			v.ScheduleClose()
		}
	}
	return false
}
