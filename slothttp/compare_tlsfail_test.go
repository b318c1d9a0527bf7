package slothttp_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestSameTLSFailures breaks handshakes off, and exchanges below TLS.
func TestSameTLSFailures(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		name := "HTTP1 "
		if h2 {
			name = "HTTP2 "
		}
		compare(t, []comparison{
			{name + "garbage instead of TLS", "error", func(e *env) {
				e.base.ForceAttemptHTTP2 = h2
				u := e.scripted(func(_ int, p *peer) { p.say("HTTP/1.0 400 Bad Request\r\n\r\n"); p.wait() })
				e.do(e.request("GET", "https"+strings.TrimPrefix(u, "http"), ""))
			}},
			{name + "hang up in handshake", "failed true", func(e *env) {
				e.base.ForceAttemptHTTP2 = h2
				u := e.scripted(func(_ int, p *peer) { _, _ = p.r.Peek(5) })
				_, err := e.rt.RoundTrip(e.request("GET", "https"+strings.TrimPrefix(u, "http"), ""))
				e.note("failed %v", err != nil)
			}},
			{name + "cancel in handshake", "cancelled true", func(e *env) {
				e.base.ForceAttemptHTTP2 = h2
				ctx, cancel := context.WithCancel(e.Context())
				u := e.scripted(func(_ int, p *peer) { _, _ = p.r.Peek(5); cancel(); p.wait() })
				_, err := e.rt.RoundTrip(e.request("GET", "https"+strings.TrimPrefix(u, "http"), "").WithContext(ctx))
				e.noteKind(err)
			}},
			{name + "client cert needed", "failed true", func(e *env) {
				s := httptest.NewUnstartedServer(http.HandlerFunc(echo))
				s.EnableHTTP2 = h2
				s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
				s.StartTLS()
				e.Cleanup(s.Close)
				e.base.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
				e.base.TLSClientConfig.NextProtos = nil
				e.base.ForceAttemptHTTP2 = h2
				_, err := e.rt.RoundTrip(e.request("GET", s.URL, ""))
				e.note("failed %v", err != nil)
			}},
			{name + "Client.Timeout in the body", "timeout true", func(e *env) {
				u := e.secure(h2, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.WriteString(w, "four")
					w.(http.Flusher).Flush()
					<-r.Context().Done()
					panic(http.ErrAbortHandler) // a return would end the body well, and the client may still see that
				})
				resp, err := (&http.Client{Transport: e.rt, Timeout: 2 * time.Second}).Get(u) // the handshake must end in it
				if err != nil {
					e.noteKind(err) // the headers were late
					return
				}
				defer resp.Body.Close()
				_, err = io.ReadAll(resp.Body)
				e.noteKind(err)
			}},
			{name + "close early, next", "200", func(e *env) {
				u := e.secure(h2, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 1<<20)) })
				for range 3 {
					resp, err := e.rt.RoundTrip(e.request("GET", u, ""))
					if err != nil {
						e.noteError(err)
						return
					}
					_, _ = io.ReadFull(resp.Body, make([]byte, 100))
					e.note("%s %v", resp.Status, resp.Body.Close())
				}
			}},
			{name + "panic in handler", "failed true", func(e *env) {
				var n atomic.Int32
				u := e.secure(h2, func(w http.ResponseWriter, r *http.Request) {
					e.note("request %s", r.Method)
					if n.Add(1) == 2 {
						panic(http.ErrAbortHandler)
					}
					echo(w, r)
				})
				e.do(e.request("GET", u, ""))
				_, err := e.rt.RoundTrip(e.request("POST", u, "content"))
				e.note("failed %v", err != nil)
				e.do(e.request("GET", u, ""))
			}},
			{name + "204 to a POST whose body lasts", "204", func(e *env) {
				u := e.secure(h2, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
				if !h2 {
					e.note("204")
					return
				}
				pr, pw := io.Pipe()
				r := e.request("POST", u, "")
				r.Body = pr
				go func() { _, _ = pw.Write([]byte("x")) }()
				resp, err := e.rt.RoundTrip(r)
				if err != nil {
					e.noteError(err)
					return
				}
				e.note("%s", resp.Status)
				resp.Body.Close()
				pw.Close()
			}},
			{name + "HEAD with length", "200", func(e *env) {
				u := e.secure(h2, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Length", "77") })
				e.do(e.request("HEAD", u, ""))
				e.do(e.request("HEAD", u, ""))
			}},
			{name + "CONNECT", "CONNECT", func(e *env) {
				u := e.secure(h2, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "it was "+r.Method) })
				r := e.request("CONNECT", u, "")
				r.URL.Opaque = ""
				resp, err := e.rt.RoundTrip(r)
				if err != nil {
					e.noteError(err)
					return
				}
				e.note("CONNECT %s", resp.Status)
				resp.Body.Close()
			}},
		})
	}
}
