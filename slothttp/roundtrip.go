package slothttp

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

func (s *state) roundTrip(r *http.Request) (*http.Response, error) {
	if r.URL != nil && r.Header != nil && r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		return s.given.RoundTrip(r) // a registered protocol, or an error
	}
	if !wellFormed(r) {
		return s.refuse.RoundTrip(r)
	}
	if s.closeIdle.Load() {
		s.closeIdle.Store(false)
	}
	ctx, cancel := cancellable(r)
	t := &try{state: s, original: r, ctx: ctx, cancel: cancel}
	if err := t.rewind(); err != nil { // cannot be: nothing was read
		cancel()
		return nil, err
	}
	for t.number = 0; ; t.number++ {
		response, err := t.once()
		if err == nil {
			response.Request = r
			return response, nil
		}
		if !t.again(err) {
			err = t.plainError(err)
			t.body.finish()
			cancel()
			return nil, err
		}
		if err := t.rewind(); err != nil {
			cancel()
			return nil, err
		}
	}
}

// try is a request on its way, over all attempts at it.
type try struct {
	state    *state
	original *http.Request
	ctx      context.Context
	cancel   context.CancelFunc
	request  *http.Request // what is sent
	body     *sentBody     // of request; nil for none
	number   int           // attempts before this one

	// Of the last attempt.
	link          *link // nil if none was gotten
	reused        bool
	answered      *atomic.Bool // the answer's first byte came; kept for TLS alone
	written, read int64        // of the wire, before the attempt
	part          *exchange
}

// rewind makes the request for the next attempt, with its body from the start.
func (t *try) rewind() error {
	r := t.original
	if t.ctx == r.Context() && !hasBody(r) {
		t.request = r
	} else if t.request == nil || hasBody(r) && !t.body.untouched() {
		next := withContext(r, t.ctx)
		if hasBody(r) {
			content := r.Body
			if t.request != nil {
				t.body.finish()
				if r.GetBody == nil {
					return errCannotRewind
				}
				var err error
				if content, err = r.GetBody(); err != nil {
					return err
				}
			}
			t.body = &sentBody{ReadCloser: content}
			next.Body = t.body
		}
		t.request = next
	}
	return nil
}

// once makes one attempt.
func (t *try) once() (*http.Response, error) {
	t.link, t.part = nil, nil
	if t.ctx.Err() != nil {
		return nil, context.Cause(t.ctx)
	}
	k, address, proxy, err := t.state.route(t.original)
	if err != nil {
		return nil, err
	}
	o := t.state.origin(k, address, proxy)
	defer o.users.Add(-1)
	trace := httptrace.ContextClientTrace(t.ctx)
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(o.firstHop())
	}
	l, err := o.get(t.ctx)
	if err != nil {
		o.abandon()
		return nil, err
	}
	return t.over(l, trace)
}

// over makes the attempt over l, on which it is reserved.
func (t *try) over(l *link, trace *httptrace.ClientTrace) (*http.Response, error) {
	t.link = l
	if l.wire != nil {
		t.written, t.read = l.wire.written.Load(), l.wire.read.Load()
	}
	t.reused = l.begin()
	if trace != nil && trace.GotConn != nil {
		l.tell(trace.GotConn, t.reused)
	}
	t.part = t.newExchange(l)
	request := t.request
	if l.secure && !l.shared.Load() && t.reused {
		// Below TLS, bytes that were read may be the server's good-bye.
		answered := new(atomic.Bool)
		t.answered = answered
		request = request.WithContext(httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
			GotFirstResponseByte: func() { answered.Store(true) },
		}))
	}
	if l.foreign != nil {
		return t.overForeign(l, request)
	}
	return t.part.end(l.cc.RoundTrip(request))
}

// begin notes that a request is made over l, and returns whether it is not the
// first.
func (l *link) begin() (reused bool) {
	if l.shared.Load() {
		l.origin.mu.Lock()
		defer l.origin.mu.Unlock()
	}
	reused = l.used
	l.used = true
	return reused
}

// tell calls f, which is the caller's. A panic in it passes through, and the
// connection, on which nothing was sent, stays.
func (l *link) tell(f func(httptrace.GotConnInfo), reused bool) {
	told := false
	defer func() {
		if !told {
			l.origin.giveUp(l)
		}
	}()
	f(l.info(reused))
	told = true
}

func (l *link) info(reused bool) httptrace.GotConnInfo {
	i := httptrace.GotConnInfo{Reused: reused}
	if l.wire != nil {
		i.Conn = l.wire
	} else {
		i.Conn = l.foreign
	}
	if parked := l.parkedAt.Load(); reused && !l.shared.Load() {
		i.WasIdle = true
		i.IdleTime = time.Since(time.Unix(0, parked))
	}
	return i
}

// plainError is what net/http would give its caller: the context's word if it is
// over, and otherwise what is within the types that net/http knows retries by.
func (t *try) plainError(err error) error {
	over := t.ctx.Err()
	if over != nil && (err == over || !errors.Is(err, over) && !errors.Is(err, context.Cause(t.ctx))) {
		return context.Cause(t.ctx)
	}
	return unwrapped(err)
}
