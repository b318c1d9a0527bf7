package slothttp_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestSameCancels cancels requests in the stages that the other comparisons do not reach.
func TestSameCancels(t *testing.T) {
	compare(t, []comparison{
		{"in the handshake with a SOCKS proxy", "cancelled true", func(e *env) {
			ctx, cancel := context.WithCancel(e.Context())
			u, _ := url.Parse(e.scripted(func(_ int, p *peer) { _, _ = p.r.Peek(2); cancel(); p.wait() }))
			u.Scheme = "socks5"
			e.base.Proxy = http.ProxyURL(u)
			_, err := e.rt.RoundTrip(e.request("GET", "http://one.test/", "").WithContext(ctx))
			e.noteKind(err)
		}},
		{"while the body is sent", "cancelled true", func(e *env) {
			ctx, cancel := context.WithCancel(e.Context())
			over := make(chan struct{})
			defer close(over)
			u := e.scripted(func(_ int, p *peer) {
				_, _ = http.ReadRequest(p.r)
				cancel()
				<-over // reads no more, so that the client's writes wait
			})
			e.endless(ctx, u)
		}},
		{"while 100-continue is waited for", "cancelled true", func(e *env) {
			e.base.ExpectContinueTimeout = time.Hour
			ctx, cancel := context.WithCancel(e.Context())
			u := e.scripted(func(_ int, p *peer) {
				_, _ = http.ReadRequest(p.r)
				cancel()
				p.wait()
			})
			r := e.request("POST", u, "").WithContext(ctx)
			body := &watched{Reader: strings.NewReader("content")}
			r.Body, r.ContentLength = body, 7
			r.Header.Set("Expect", "100-continue")
			e.do(r)
			e.note("read %v closed %v", body.read.Load(), e.eventuallyClosed(body))
		}},
		{"after early hints", "cancelled true", func(e *env) {
			ctx, cancel := context.WithCancel(e.Context())
			u := e.scripted(func(_ int, p *peer) {
				p.take()
				p.say("HTTP/1.1 103 Early Hints\r\n\r\n")
				cancel()
				p.wait()
			})
			e.do(e.request("GET", u, "").WithContext(ctx))
		}},
		{"on a connection that was used before", "cancelled true", func(e *env) {
			ctx, cancel := context.WithCancel(e.Context())
			u := e.scripted(func(number int, p *peer) {
				for n := 0; p.take() != nil; n++ {
					if number == 0 && n == 1 {
						cancel()
						p.wait()
						return
					}
					p.say(okHi)
				}
			})
			e.do(e.request("GET", u, ""))
			e.do(e.request("GET", u, "").WithContext(ctx))
			e.do(e.request("GET", u, ""))
		}},
		{"after the switch of protocols, which keeps the connection", "echoed ping", func(e *env) {
			ctx, cancel := context.WithCancel(e.Context())
			r := e.request("GET", e.scripted(upgradeAndEcho), "").WithContext(ctx)
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", "echo")
			e.upgradeThen(r, cancel)
		}},
		{"HTTP2 between two attempts", "cancelled true", func(e *env) {
			ctx, cancel := context.WithCancel(e.Context())
			var attempts atomic.Int32
			u := e.framed(func(_ int, stream uint32, f frames) {
				if attempts.Add(1) == 2 { // the third would be a second later
					time.AfterFunc(50*time.Millisecond, cancel)
				}
				f.reset(stream, refused)
			})
			_, err := e.rt.RoundTrip(e.request("GET", u, "").WithContext(ctx))
			e.noteKind(err)
		}},
		{"HTTP2 while the body is sent", "cancelled true", func(e *env) {
			ctx, cancel := context.WithCancel(e.Context())
			u := e.secure(true, func(_ http.ResponseWriter, r *http.Request) {
				cancel()
				<-r.Context().Done()
				panic(http.ErrAbortHandler)
			})
			e.endless(ctx, u)
		}},
	})
}

// endless sends a body that has no end.
func (e *env) endless(ctx context.Context, url string) {
	r := e.request("POST", url, "").WithContext(ctx)
	body := &watched{Reader: zeros{}}
	r.Body = body
	_, err := e.rt.RoundTrip(r)
	e.noteKind(err)
	e.note("closed %v", e.eventuallyClosed(body))
}
