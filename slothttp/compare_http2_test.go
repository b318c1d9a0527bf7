package slothttp_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// secure is a server over TLS, which e.base trusts.
func (e *env) secure(http2 bool, h http.HandlerFunc) (url string) {
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = http2
	s.StartTLS()
	e.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	e.base.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	e.base.TLSClientConfig.NextProtos = nil
	e.base.ForceAttemptHTTP2 = http2
	e.http2 = http2
	return s.URL
}

// TestSameOverTLS makes exchanges over HTTP/1 and HTTP/2 with TLS.
func TestSameOverTLS(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		name, proto := "HTTP1 ", "HTTP/1.1"
		if http2 {
			name, proto = "HTTP2 ", "HTTP/2.0"
		}
		over := func(h http.HandlerFunc, f func(e *env, url string)) func(*env) {
			return func(e *env) { f(e, e.secure(http2, h)) }
		}
		compare(t, []comparison{
			{name + "GET", proto, over(echo, func(e *env, u string) { e.do(e.request("GET", u, "")) })},
			{name + "HEAD", proto, over(echo, func(e *env, u string) { e.do(e.request("HEAD", u, "")) })},
			{name + "POST", `content`, over(echo, func(e *env, u string) { e.do(e.request("POST", u, "content")) })},
			{name + "no content", "204", over(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
				func(e *env, u string) { e.do(e.request("GET", u, "")) })},
			{name + "trace", "reused true", over(echo, func(e *env, u string) {
				for range 2 {
					e.doTraced(e.request("HEAD", u, ""))
				}
			})},
			{name + "trailers", "Late:[42]", over(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Trailer", "Late")
				_, _ = io.WriteString(w, "x")
				w.Header().Set("Late", r.Trailer.Get("Sum"))
			}, func(e *env, u string) {
				r := e.request("POST", u, "")
				r.Body = io.NopCloser(strings.NewReader("body"))
				r.Trailer = http.Header{"Sum": {"42"}}
				e.do(r)
			})},
			{name + "100-continue", "Got100Continue", over(echo, func(e *env, u string) {
				e.base.ExpectContinueTimeout = time.Minute
				r := e.request("POST", u, "content")
				r.Header.Set("Expect", "100-continue")
				e.doTraced(r)
			})},
			{name + "early hints", "Got1xxResponse 103", over(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusEarlyHints)
				_, _ = io.WriteString(w, "late")
			}, func(e *env, u string) {
				e.doTraced(e.request("GET", u, ""))
			})},
			{name + "Request.Close", proto, over(echo, func(e *env, u string) {
				for range 2 {
					r := e.request("GET", u, "")
					r.Close = true
					e.do(r)
				}
			})},
			{name + "no keep-alives", proto, over(echo, func(e *env, u string) {
				e.base.DisableKeepAlives = true
				e.do(e.request("GET", u, ""))
				e.do(e.request("GET", u, ""))
			})},
			{name + "body fails", "broken", over(echo, func(e *env, u string) {
				r := e.request("POST", u, "")
				body := &watched{Reader: iotest.ErrReader(errBroken)}
				r.Body, r.ContentLength = body, 7
				_, err := e.rt.RoundTrip(r)
				e.note("broken %v closed %v", strings.Contains(err.Error(), errBroken.Error()), e.eventuallyClosed(body))
			})},
			{name + "refused early", "413", over(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(413) },
				func(e *env, u string) {
					r := e.request("POST", u, "")
					body := &watched{Reader: strings.NewReader(strings.Repeat("x", 1<<20))}
					r.Body, r.ContentLength = body, 1<<20
					e.do(r)
					e.note("closed %v", e.eventuallyClosed(body))
				})},
			{name + "cancelled before the answer", "cancelled true", func(e *env) {
				ctx, cancel := context.WithCancel(e.Context())
				u := e.secure(http2, func(_ http.ResponseWriter, r *http.Request) {
					cancel()
					<-r.Context().Done()
					panic(http.ErrAbortHandler) // a return would be an answer, which the client may still see
				})
				e.do(e.request("GET", u, "").WithContext(ctx))
			}},
			{name + "cancelled in the body", "cancelled true", func(e *env) {
				u := e.secure(http2, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.WriteString(w, "four")
					w.(http.Flusher).Flush()
					<-e.Context().Done()
				})
				e.cancelInBody(u)
			}},
			{name + "unknown authority", "certificate", over(echo, func(e *env, u string) {
				e.base.TLSClientConfig = nil
				e.do(e.request("GET", u, ""))
			})},
			{name + "handshake timeout", "timeout true", func(e *env) {
				e.base.ForceAttemptHTTP2 = http2
				e.base.TLSHandshakeTimeout = 20 * time.Millisecond
				u := e.scripted(silent)
				e.do(e.request("GET", "https"+strings.TrimPrefix(u, "http"), ""))
			}},
			{name + "websocket between other requests", "101", over(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Upgrade") == "" {
					echo(w, r)
					return
				}
				c, b, err := w.(http.Hijacker).Hijack()
				if err != nil {
					panic(err)
				}
				defer c.Close()
				_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
				_, _ = io.Copy(c, b)
			}, func(e *env, u string) {
				r := e.request("GET", u, "")
				r.Header.Set("Connection", "Upgrade")
				r.Header.Set("Upgrade", "websocket")
				e.do(e.request("GET", u, ""))
				e.upgrade(r)
				e.do(e.request("GET", u, ""))
			})},
			{name + "a dialler of TLS connections", proto, over(echo, func(e *env, u string) {
				config := e.base.TLSClientConfig.Clone()
				if http2 {
					config.NextProtos = []string{"h2", "http/1.1"}
				}
				e.base.DialTLSContext = (&tls.Dialer{Config: config}).DialContext
				for range 3 {
					e.do(e.request("POST", u, "content"))
				}
			})},
		})
	}
}

const (
	protocolError = 1
	internalError = 2
	refused       = 7
)

// TestSameHTTP2Retries has an HTTP/2 server refuse what comes first, or second.
func TestSameHTTP2Retries(t *testing.T) {
	first := func(then func(stream uint32, f frames), body string, more func(*http.Request)) func(*env) {
		return func(e *env) {
			count := make(chan struct{}, 1)
			u := e.framed(func(_ int, stream uint32, f frames) {
				select {
				case count <- struct{}{}:
					then(stream, f)
				default:
					f.answer(stream, "hi")
				}
			})
			r := e.request("POST", u, body)
			more(r)
			e.do(r)
		}
	}
	same := func(*http.Request) {}
	once := func(r *http.Request) { r.GetBody = nil }
	compare(t, []comparison{
		{"answer", "hi", first(func(stream uint32, f frames) { f.answer(stream, "hi") }, "", same)},
		{"refused", "hi", first(func(stream uint32, f frames) { f.reset(stream, refused) }, "", same)},
		{"refused with a body", "hi", first(func(stream uint32, f frames) { f.reset(stream, refused) }, "content", same)},
		{"failed", "INTERNAL_ERROR", first(func(stream uint32, f frames) { f.reset(stream, internalError) }, "content", same)},
		{"good-bye with an error", "GOAWAY", first(func(stream uint32, f frames) { f.goAway(0, internalError) }, "", same)},
		{"good-bye", "hi", first(func(stream uint32, f frames) { f.goAway(0, 0) }, "content", same)},
		{"hung up", "eof true", first(func(_ uint32, f frames) { _ = f.Conn.(*net.TCPConn).CloseWrite() }, "", same)},
		{"good-bye on the second", "hi", func(e *env) {
			u := e.framed(func(connection int, stream uint32, f frames) {
				if connection == 0 && stream == 3 {
					f.goAway(1, internalError)
					return
				}
				f.answer(stream, "hi")
			})
			e.do(e.request("POST", u, ""))
			e.do(e.request("POST", u, "content"))
			e.do(e.request("POST", u, ""))
		}},
		{"answered, then good-bye", "hi", func(e *env) {
			u := e.framed(func(connection int, stream uint32, f frames) {
				f.goAway(stream, 0)
				f.answer(stream, "hi")
			})
			e.do(e.request("POST", u, ""))
			e.do(e.request("POST", u, ""))
		}},
	})
	// With a body that cannot be had again, the words differ.
	for _, then := range []func(uint32, frames){
		func(stream uint32, f frames) { f.reset(stream, refused) },
		func(_ uint32, f frames) { f.goAway(0, 0) },
	} {
		compare(t, []comparison{{"refused with a body that cannot be repeated", "failed", func(e *env) {
			u := e.framed(func(_ int, stream uint32, f frames) { then(stream, f) })
			r := e.request("POST", u, "content")
			once(r)
			_, err := e.rt.RoundTrip(r)
			e.note("failed %v", err != nil)
		}}})
	}
}

// net/http repeats what was reset with PROTOCOL_ERROR. Nothing says that the
// server did not act on it.
func TestProtocolErrorIsNotRetried(t *testing.T) {
	tr, _ := newTransport(t, 4)
	e := &env{T: t, base: tr.Base, rt: tr}
	u := e.framed(func(_ int, stream uint32, f frames) { f.reset(stream, protocolError) })
	e.do(e.request("POST", u, "content"))
	if got := strings.Join(e.out, "\n"); strings.Count(got, "stream 1\n") != 1 || !strings.Contains(got, "PROTOCOL_ERROR") {
		t.Errorf("got %s", got) // one request
	}
}
