package slothttp

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
)

// exchange is one request on one connection, until nothing of it is under way.
type exchange struct {
	link   *link
	cancel context.CancelFunc // of the request
	open   atomic.Int32       // of HTTP/2: the response and the request's body
	body   receivedBody       // of the response, if it is to be read
}

func (t *try) newExchange(l *link) *exchange {
	x := &exchange{link: l, cancel: t.cancel}
	if l.shared.Load() {
		x.open.Store(1)
		if t.body != nil {
			x.open.Store(2)
			t.body.done = x.closePart // net/http has not seen this body yet
		}
	}
	return x
}

// end takes what RoundTrip returned.
func (x *exchange) end(response *http.Response, err error) (*http.Response, error) {
	if err != nil {
		x.fail()
		return nil, err
	}
	x.answer(response)
	return response, nil
}

// fail ends an exchange that brought no response. An HTTP/1 connection has then
// been closed by net/http, or is about to be; closing it here would do nothing
// else, and makes sure.
func (x *exchange) fail() {
	if x.link.shared.Load() {
		if x.open.Swap(-2) > 0 { // whatever is closed later counts no more
			x.link.origin.end(x.link)
		}
		return
	}
	_ = x.link.cc.Close()
	x.link.closeSocket()
}

// answer begins the second half, in which the response's body is read.
func (x *exchange) answer(r *http.Response) {
	if x.link.shared.Load() {
		if !x.link.sure.Load() {
			x.link.origin.spoke(x.link)
		}
		if isEmpty(r) {
			x.closePart()
			return
		}
		x.receive(r)
		return
	}
	if isWritable(r) { // the connection is the caller's, by way of the body
		x.cancel()
		return
	}
	if x.park() {
		return // net/http was done with it before RoundTrip returned
	}
	if r.Body == http.NoBody { // and closes the connection
		x.cancel()
		return
	}
	x.receive(r)
}

// receive has the end of the response's body end its part.
func (x *exchange) receive(r *http.Response) {
	x.body.ReadCloser, x.body.exchange = r.Body, x
	r.Body = &x.body
}

func isWritable(r *http.Response) bool {
	_, ok := r.Body.(io.Writer)
	return ok
}

// isEmpty reports whether nothing will come of an HTTP/2 response's body, so
// that callers need not close it.
func isEmpty(r *http.Response) bool {
	return r.Body == http.NoBody || r.ContentLength <= 0 && strings.HasSuffix(reflect.TypeOf(r.Body).Name(), "noBodyReader")
}

// park parks an HTTP/1 connection if net/http is done with the exchange and has
// kept it. What it thinks of it is settled before Read returns the end of the
// body, and before RoundTrip returns if there is no body, so the hook, which may
// come earlier, need not be waited for.
func (x *exchange) park() bool {
	if x.link.cc.Available() == 0 {
		return false
	}
	x.cancel()
	x.link.park()
	return true
}

// closePart ends one of the two parts of an HTTP/2 exchange.
func (x *exchange) closePart() {
	if x.open.Add(-1) == 0 {
		x.cancel()
		x.link.origin.end(x.link)
	}
}

// receivedBody is a response's body that tells when it is over.
type receivedBody struct {
	io.ReadCloser
	exchange *exchange
	over     atomic.Bool
}

func (b *receivedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.end()
	}
	return n, err
}

func (b *receivedBody) Close() error {
	err := b.ReadCloser.Close()
	b.end()
	b.exchange.cancelHTTP1()
	return err
}

func (b *receivedBody) end() {
	x := b.exchange
	if x.link.shared.Load() {
		if b.over.CompareAndSwap(false, true) {
			x.closePart()
		}
		return
	}
	// A Read may fail with the end of the body still ahead, as that of a gzip
	// reader does; Close then closes the connection.
	if x.link.cc.Available() != 0 && b.over.CompareAndSwap(false, true) {
		x.park()
	}
}

func (x *exchange) cancelHTTP1() {
	if !x.link.shared.Load() {
		x.cancel()
	}
}
