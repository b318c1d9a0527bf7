package slothttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// TestSameFailures makes requests that fail.
func TestSameFailures(t *testing.T) {
	compare(t, []comparison{
		{"no URL", "nil Request.URL", func(e *env) { e.refused(func(r *http.Request) { r.URL = nil }) }},
		{"no header", "nil Request.Header", func(e *env) { e.refused(func(r *http.Request) { r.Header = nil }) }},
		{"no host", "no Host", func(e *env) { e.refused(func(r *http.Request) { r.URL.Host = "" }) }},
		{"unknown scheme", "unsupported protocol scheme", func(e *env) { e.refused(func(r *http.Request) { r.URL.Scheme = "gopher" }) }},
		{"bad method", "invalid method", func(e *env) { e.refused(func(r *http.Request) { r.Method = "A B" }) }},
		{"bad header name", "invalid header", func(e *env) { e.refused(func(r *http.Request) { r.Header["a b"] = []string{"c"} }) }},
		{"bad header value", "invalid header", func(e *env) { e.refused(func(r *http.Request) { r.Header["A"] = []string{"c\n"} }) }},
		{"bad trailer", "invalid trailer", func(e *env) { e.refused(func(r *http.Request) { r.Trailer = http.Header{"A": {"\x00"}} }) }},
		{"bad port", "error", func(e *env) { e.refused(func(r *http.Request) { r.URL.Host = "127.0.0.1:port" }) }},
		{"nobody listens", "connection refused", func(e *env) {
			e.refused(func(*http.Request) {}) // a port that was free may be another test's by now
		}},
		{"dial fails", "no way", func(e *env) {
			e.base.DialContext = failingDial
			e.refused(func(r *http.Request) {})
		}},
		{"proxy fails", "no proxy for you", func(e *env) {
			e.base.Proxy = func(*http.Request) (*url.URL, error) { return nil, errors.New("no proxy for you") }
			e.refused(func(r *http.Request) {})
		}},
		{"malformed answer", "malformed HTTP", func(e *env) { e.do(e.request("GET", e.scripted(answering("garbage\r\n\r\n")), "")) }},
		{"no answer", "eof true", func(e *env) { e.do(e.request("GET", e.scripted(answering("")), "")) }},
		{"half a header", "eof true", func(e *env) { e.do(e.request("GET", e.scripted(answering("HTTP/1.1 200 O")), "")) }},
		{"half a body", "unexpected EOF", func(e *env) {
			e.do(e.request("GET", e.scripted(answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour")), ""))
		}},
		{"header too large", "exceeded", func(e *env) {
			e.base.MaxResponseHeaderBytes = 100
			e.do(e.request("GET", e.scripted(answering("HTTP/1.1 200 OK\r\nA: "+strings.Repeat("a", 9000)+"\r\n\r\n")), ""))
		}},
		{"header timeout", "timeout awaiting response headers", func(e *env) {
			e.base.ResponseHeaderTimeout = 20 * time.Millisecond
			e.do(e.request("GET", e.scripted(silent), ""))
		}},
		{"body fails", "broken body", func(e *env) {
			u := e.scripted(silent)
			r := e.request("POST", u, "")
			body := &watched{Reader: iotest.ErrReader(errors.New("broken body"))}
			r.Body, r.ContentLength = body, 7
			e.do(r)
			e.note("closed %v", e.eventuallyClosed(body))
		}},
		{"body too short", "failed true", func(e *env) {
			r := e.request("POST", e.scripted(silent), "")
			body := &watched{Reader: strings.NewReader("content")}
			r.Body, r.ContentLength = body, 70
			_, err := e.rt.RoundTrip(r)
			e.note("failed %v", err != nil) // of the writer or of the reader, whichever is seen first
			e.note("closed %v", e.eventuallyClosed(body))
		}},
		{"cancelled before", "cancelled true", func(e *env) {
			e.cancelling(func(ctx context.Context, cancel func()) { cancel() }, e.scripted(silent))
		}},
		{"cancelled with a cause", "the cause", func(e *env) {
			ctx, cancel := context.WithCancelCause(e.Context())
			cancel(errors.New("the cause"))
			e.do(e.request("GET", e.scripted(silent), "").WithContext(ctx))
		}},
		{"cancelled while dialling", "cancelled true", func(e *env) {
			dialling := make(chan struct{}, 1)
			e.base.DialContext = hangingDial(dialling)
			ctx, cancel := context.WithCancel(e.Context())
			go func() { <-dialling; cancel() }()
			_, err := e.rt.RoundTrip(e.request("GET", "http://127.0.0.1:1", "").WithContext(ctx))
			e.noteKind(err) // slothttp's also says what was waited for
		}},
		{"cancelled before the answer", "cancelled true", func(e *env) {
			got := make(chan struct{})
			u := e.scripted(func(_ int, p *peer) { p.take(); close(got); p.wait() })
			e.cancelling(func(ctx context.Context, cancel func()) { go func() { <-got; cancel() }() }, u)
		}},
		{"cancelled in the body", "cancelled true", func(e *env) {
			e.cancelInBody(e.scripted(func(_ int, p *peer) {
				p.take()
				p.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour")
				p.wait()
			}))
		}},
		{"Request.Cancel", "request canceled", func(e *env) {
			cancel := make(chan struct{})
			u := e.scripted(func(_ int, p *peer) { p.take(); close(cancel); p.wait() })
			r := e.request("GET", u, "")
			r.Cancel = cancel //lint:ignore SA1019 it is still honoured
			e.do(r)
		}},
		{"Client.Timeout", "timeout true", func(e *env) {
			_, err := (&http.Client{Transport: e.rt, Timeout: 20 * time.Millisecond}).Get(e.scripted(silent))
			e.note("timeout %v", err.(*url.Error).Timeout())
			e.noteKind(err) // the words depend on whether the context or the Client is first
		}},
	})
}

// refused makes a request that cannot be sent, and sees its body closed.
func (e *env) refused(spoil func(*http.Request)) {
	r := e.request("POST", "http://127.0.0.1:1/", "")
	body := &watched{Reader: strings.NewReader("content")}
	r.Body, r.ContentLength = body, 7
	spoil(r)
	e.do(r)
	e.note("closed %v", e.eventuallyClosed(body))
}

func (e *env) cancelling(when func(ctx context.Context, cancel func()), u string) {
	ctx, cancel := context.WithCancel(e.Context())
	defer cancel()
	r := e.request("POST", u, "").WithContext(ctx)
	body := &watched{Reader: strings.NewReader("content")}
	r.Body, r.ContentLength = body, 7
	when(ctx, cancel)
	e.do(r)
	e.note("closed %v", e.eventuallyClosed(body))
}

// cancelInBody cancels a request when four bytes of the answer have come.
func (e *env) cancelInBody(url string) {
	ctx, cancel := context.WithCancel(e.Context())
	defer cancel()
	response, err := e.rt.RoundTrip(e.request("GET", url, "").WithContext(ctx))
	if err != nil {
		e.Error(err)
		return
	}
	defer response.Body.Close()
	_, _ = io.ReadFull(response.Body, make([]byte, 4))
	cancel()
	_, err = io.ReadAll(response.Body)
	e.noteError(err)
}

func answering(text string) func(int, *peer) {
	return func(_ int, p *peer) {
		p.take()
		p.say(text)
	}
}

func silent(_ int, p *peer) { p.wait() }
