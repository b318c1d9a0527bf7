package slothttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// TestSameEnds ends exchanges in the middle, by either side.
func TestSameEnds(t *testing.T) {
	compare(t, []comparison{
		{"closed body read", "closed", func(e *env) {
			u := e.server(echo)
			for range 2 {
				resp, err := e.rt.RoundTrip(e.request("GET", u, ""))
				if err != nil {
					e.noteError(err)
					return
				}
				e.note("close %v %v", resp.Body.Close(), resp.Body.Close())
				_, err = resp.Body.Read(make([]byte, 1))
				e.noteError(err)
			}
		}},
		{"cancel after read", "reused true", func(e *env) {
			u := e.server(echo)
			for range 3 {
				ctx, cancel := context.WithCancel(e.Context())
				e.doTraced(e.request("GET", u, "").WithContext(ctx))
				cancel()
			}
		}},
		{"cancel then close", "cancelled true", func(e *env) {
			ctx, cancel := context.WithCancel(e.Context())
			defer cancel()
			u := e.scripted(func(_ int, p *peer) { p.take(); p.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour"); p.wait() })
			resp, err := e.rt.RoundTrip(e.request("GET", u, "").WithContext(ctx))
			if err != nil {
				e.noteError(err)
				return
			}
			cancel()
			_, err = io.ReadAll(resp.Body)
			e.noteError(err)
			resp.Body.Close()
			_, err = resp.Body.Read(make([]byte, 1))
			e.noteError(err)
		}},
		{"101 without upgrade", "101", func(e *env) {
			u := e.scripted(func(_ int, p *peer) {
				p.take()
				p.say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
				p.wait()
			})
			resp, err := e.rt.RoundTrip(e.request("GET", u, ""))
			if err != nil {
				e.noteError(err)
				return
			}
			e.note("%s", resp.Status)
			resp.Body.Close()
		}},
		{"upgrade refused", "400", func(e *env) {
			u := e.scripted(func(_ int, p *peer) {
				for p.take() != nil {
					p.say("HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\nno")
				}
			})
			for range 2 {
				r := e.request("GET", u, "")
				r.Header.Set("Connection", "Upgrade")
				r.Header.Set("Upgrade", "echo")
				e.doTraced(r)
			}
		}},
		{"upgrade bytes at once", "first", func(e *env) {
			u := e.scripted(func(_ int, p *peer) {
				p.take()
				p.say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst")
			})
			r := e.request("GET", u, "")
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", "echo")
			resp, err := e.rt.RoundTrip(r)
			if err != nil {
				e.noteError(err)
				return
			}
			b, err := io.ReadAll(resp.Body)
			e.note("%q %v", b, err)
			e.note("%v", resp.Body.Close())
		}},
		{"got1xx refuses", "no hints", func(e *env) {
			u := e.scripted(func(_ int, p *peer) { p.take(); p.say("HTTP/1.1 103 Early Hints\r\n\r\n" + okHi); p.wait() })
			r := e.request("GET", u, "")
			r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
				Got1xxResponse: func(int, textproto.MIMEHeader) error { return errors.New("no hints") },
			}))
			e.do(r)
		}},
		{"chunk broken", "error", func(e *env) {
			u := e.scripted(func(_ int, p *peer) {
				p.take()
				p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
				p.wait()
			})
			e.do(e.request("GET", u, ""))
			e.do(e.request("GET", u, ""))
		}},
		{"body reset", "error", func(e *env) {
			u := e.scripted(func(n int, p *peer) {
				if n == 0 {
					p.take()
					p.say(okHi)
				}
				p.take()
				p.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour")
			})
			e.do(e.request("GET", u, ""))
			e.do(e.request("GET", u, ""))
		}},
		{"answer before body is sent", "413", func(e *env) {
			u := e.scripted(func(n int, p *peer) {
				_, err := http.ReadRequest(p.r)
				if err != nil {
					return
				}
				p.say("HTTP/1.1 413 Too\r\nContent-Length: 2\r\n\r\nno")
				p.wait()
			})
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
			for err == nil { // until the transport closes the body, some time after the answer's
				_, err = pw.Write([]byte("more"))
			}
			e.note("pipe: %v", err)
		}},
		{"redirect 303 post", "303->GET", func(e *env) {
			u := e.server(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/" {
					http.Redirect(w, r, "/n", http.StatusSeeOther)
					return
				}
				_, _ = io.WriteString(w, "303->"+r.Method)
			})
			resp, err := (&http.Client{Transport: e.rt}).Post(u, "text/plain", strings.NewReader("x"))
			if err != nil {
				e.noteError(err)
				return
			}
			defer resp.Body.Close()
			e.noteAnswer(resp.Request, resp)
		}},
		{"user info", "Basic", func(e *env) {
			u := e.server(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("Authorization")) })
			resp, err := (&http.Client{Transport: e.rt}).Get(strings.Replace(u, "http://", "http://a:b@", 1))
			if err != nil {
				e.noteError(err)
				return
			}
			defer resp.Body.Close()
			e.noteAnswer(resp.Request, resp)
		}},
		{"keepalives by MaxIdleConnsPerHost", "reused false", func(e *env) {
			e.base.MaxIdleConnsPerHost = -1
			u := e.server(echo)
			for range 2 {
				e.doTraced(e.request("GET", u, ""))
			}
		}},
		{"host header and key", "one", func(e *env) {
			u := e.server(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) })
			for _, h := range []string{"one", "two"} {
				r := e.request("GET", u, "")
				r.Host = h
				e.do(r)
			}
		}},
		{"upper case scheme", "error", func(e *env) {
			u := e.server(echo)
			r := e.request("GET", u, "")
			r.URL.Scheme = "HTTP"
			e.do(r)
		}},
		{"deadline past", "deadline true", func(e *env) {
			ctx, cancel := context.WithDeadline(e.Context(), time.Unix(1, 0))
			defer cancel()
			e.do(e.request("GET", e.server(echo), "").WithContext(ctx))
		}},
		{"body that is huge and server that hangs up", "failed true", func(e *env) {
			u := e.scripted(func(n int, p *peer) {
				_, _ = http.ReadRequest(p.r)
			})
			r := e.request("PUT", u, "")
			body := &watched{Reader: io.LimitReader(zeros{}, 1<<24)}
			r.Body, r.ContentLength = body, 1<<24
			_, err := e.rt.RoundTrip(r)
			e.note("failed %v closed %v", err != nil, e.eventuallyClosed(body))
		}},
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
