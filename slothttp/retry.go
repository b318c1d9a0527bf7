package slothttp

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"reflect"
	"time"
)

// again reports whether the request is to be sent once more after the attempt
// failed with err, and waits if it should not be at once.
func (t *try) again(err error) bool {
	if t.link == nil || t.ctx.Err() != nil || t.body != nil && t.body.failed.Load() {
		return false
	}
	if t.link.shared.Load() {
		return unprocessed(err) && t.repeatable() && t.backOff()
	}
	w := t.link.wire
	if !t.reused || w == nil || !w.closed.Load() {
		return false
	}
	if w.written.Load() == t.written {
		return t.repeatable()
	}
	answered, lost := w.read.Load() != t.read, w.lost.Load()
	if t.link.secure {
		// What came and is no answer is the server's good-bye.
		answered, lost = t.answered.Load(), lost || answered
	}
	return lost && !answered && !timedOut(err) && safe(t.original)
}

// repeatable reports whether the body, if any, can be sent again.
func (t *try) repeatable() bool { return !hasBody(t.original) || t.original.GetBody != nil }

// safe is net/http's notion of a request that may be made twice.
func safe(r *http.Request) bool {
	if hasBody(r) && r.GetBody == nil {
		return false
	}
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	_, a := r.Header["Idempotency-Key"]
	_, b := r.Header["X-Idempotency-Key"]
	return a || b
}

func timedOut(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// streamError has the fields of net/http's own, which is how errors.As knows it.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (e streamError) Error() string { return "stream error" }

const refusedStream = 7 // RFC 9113, section 7

// The errors that say the same without a code. They have no type of their own.
const (
	textGoAway   = "http2: Transport received Server's graceful shutdown GOAWAY"
	textUnusable = "http2: client conn not usable"
)

// unprocessed reports whether an HTTP/2 request is known to have had no effect:
// the server refused it, or left it out when it said good-bye, or the connection
// ended before it was sent.
func unprocessed(err error) bool {
	var e streamError
	if errors.As(err, &e) {
		return e.Code == refusedStream
	}
	text := err.Error()
	return text == textGoAway || text == textUnusable
}

// mostRetries is how often a request that servers refuse over HTTP/2 is sent
// again, in all two minutes.
const mostRetries = 7

// backOff waits before another attempt over HTTP/2: not at all for the first,
// then for one second, and twice as long each time. It is false if there shall be
// none.
func (t *try) backOff() bool {
	if t.number == 0 {
		return true
	}
	if t.number >= mostRetries {
		return false
	}
	pause := time.Second << (t.number - 1)
	timer := time.NewTimer(pause + rand.N(pause/10))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-t.ctx.Done():
		return false
	}
}

// unwrapped takes off the two types in which net/http wraps errors for its own
// retries, and which its callers never see.
func unwrapped(err error) error {
	for {
		of := reflect.TypeOf(err)
		if of.PkgPath() != "net/http" || of.Name() != "nothingWrittenError" && of.Name() != "transportReadFromServerError" {
			return err
		}
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
