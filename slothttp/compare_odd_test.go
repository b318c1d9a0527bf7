package slothttp_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestSameOddAnswers has servers say what is rare, or not in order.
func TestSameOddAnswers(t *testing.T) {
	compare(t, []comparison{
		{"content length without body", "error", func(e *env) {
			u := e.server(echo)
			e.do(e.request("GET", u, ""))
			r := e.request("POST", u, "")
			r.ContentLength = 7
			e.do(r)
		}},
		{"100 refused, kept", "417", func(e *env) {
			e.base.ExpectContinueTimeout = time.Minute
			u := e.scripted(func(_ int, p *peer) {
				for {
					r, err := http.ReadRequest(p.r)
					if err != nil {
						return
					}
					_ = r
					p.say("HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno")
				}
			})
			for range 2 {
				r := e.request("POST", u, "")
				body := &watched{Reader: strings.NewReader("content")}
				r.Body, r.ContentLength = body, 7
				r.Header.Set("Expect", "100-continue")
				e.do(r)
				e.note("read %v closed %v", body.read.Load(), e.eventuallyClosed(body))
			}
		}},
		{"100 timeout", "content", func(e *env) {
			e.base.ExpectContinueTimeout = 10 * time.Millisecond
			u := e.scripted(func(_ int, p *peer) { p.take(); p.say(okHi); p.wait() })
			r := e.request("POST", u, "content")
			r.Header.Set("Expect", "100-continue")
			e.do(r)
		}},
		{"100 no timeout set", "content", func(e *env) {
			u := e.scripted(func(_ int, p *peer) { p.take(); p.say(okHi); p.wait() })
			r := e.request("POST", u, "content")
			r.Header.Set("Expect", "100-continue")
			e.do(r)
		}},
		{"100 hang up on reused", "error", func(e *env) {
			e.base.ExpectContinueTimeout = time.Minute
			r := e.request("POST", "/", "content")
			r.Header.Set("Expect", "100-continue")
			u := e.scripted(func(number int, p *peer) {
				p.take()
				p.say(okHi)
				_, _ = http.ReadRequest(p.r)
			})
			e.do(e.request("GET", u, ""))
			r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(u, "http://")
			e.do(r)
		}},
		{"304", "304", func(e *env) {
			u := e.scripted(func(_ int, p *peer) {
				for p.take() != nil {
					p.say("HTTP/1.1 304 Not\r\nContent-Length: 10\r\n\r\n")
				}
			})
			for range 2 {
				e.doTraced(e.request("GET", u, ""))
			}
		}},
		{"1.0", "1.0", func(e *env) {
			u := e.scripted(func(_ int, p *peer) {
				for p.take() != nil {
					p.say("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi")
				}
			})
			for range 2 {
				e.doTraced(e.request("GET", u, ""))
			}
		}},
		{"1.0 keep", "1.0", func(e *env) {
			u := e.scripted(func(_ int, p *peer) {
				for p.take() != nil {
					p.say("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi")
				}
			})
			for range 2 {
				e.doTraced(e.request("GET", u, ""))
			}
		}},
	})
}
