package slothttp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// TestSameRetries has a server give up the connection that the second request
// comes on.
func TestSameRetries(t *testing.T) {
	compare(t, []comparison{
		{"GET", "hi", func(e *env) { e.second(hangUp, e.request("GET", "/", "")) }},
		{"HEAD", "204", func(e *env) { e.second(hangUp, e.request("HEAD", "/", "")) }},
		{"POST", "eof true", func(e *env) { e.second(hangUp, e.request("POST", "/", "content")) }},
		{"POST without a body", "eof true", func(e *env) { e.second(hangUp, e.request("POST", "/", "")) }},
		{"PUT", "eof true", func(e *env) { e.second(hangUp, e.request("PUT", "/", "content")) }},
		{"POST that may be repeated", "hi", func(e *env) {
			r := e.request("POST", "/", "content")
			r.Header.Set("Idempotency-Key", "1")
			e.second(hangUp, r)
		}},
		{"POST that may be repeated, but its body cannot", "eof true", func(e *env) {
			r := e.request("POST", "/", "content")
			r.Header.Set("X-Idempotency-Key", "1")
			r.GetBody = nil
			e.second(hangUp, r)
		}},
		{"GET with a body", "hi", func(e *env) { e.second(hangUp, e.request("GET", "/", "content")) }},
		{"GET with a body that cannot be repeated", "eof true", func(e *env) {
			r := e.request("GET", "/", "content")
			r.GetBody = nil
			e.second(hangUp, r)
		}},
		{"GET whose body fails the second time", "no more", func(e *env) {
			r := e.request("GET", "/", "content")
			r.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("no more") }
			e.second(hangUp, r)
		}},
		{"reset", "hi", func(e *env) {
			e.second(func(p *peer) { _ = p.Conn.(*net.TCPConn).SetLinger(0) }, e.request("GET", "/", ""))
		}},
		{"a byte of an answer", "error", func(e *env) { e.second(func(p *peer) { p.say("H") }, e.request("GET", "/", "")) }},
		{"half an answer", "error", func(e *env) {
			e.second(func(p *peer) { p.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour") }, e.request("GET", "/", ""))
		}},
		{"an informational answer", "error", func(e *env) {
			e.second(func(p *peer) { p.say("HTTP/1.1 103 Early Hints\r\n\r\n") }, e.request("GET", "/", ""))
		}},
		{"a new connection", "eof true", func(e *env) {
			e.do(e.request("GET", e.scripted(func(_ int, p *peer) { p.take() }), ""))
		}},
		{"two in a row", "hi", func(e *env) {
			// The request is sent again, but not on for ever: the third
			// connection is new.
			u := e.scripted(func(number int, p *peer) {
				for p.take() != nil {
					if number < 2 {
						p.say(okHi)
						p.take()
						return
					}
					p.say(okHi)
				}
			})
			e.both(u)
			e.do(e.request("GET", u, ""))
		}},
		{"nothing written", "hi", func(e *env) { e.unwritten(e.request("POST", "/", "content")) }},
		{"nothing written, no body", "hi", func(e *env) { e.unwritten(e.request("POST", "/", "")) }},
		{"nothing written of what cannot be repeated", "write failed", func(e *env) {
			r := e.request("POST", "/", "content")
			r.GetBody = nil
			e.unwritten(r)
		}},
		{"closed while idle", "hi", func(e *env) {
			closing := make(chan struct{})
			u := e.scripted(func(number int, p *peer) {
				p.take()
				p.say(okHi)
				if number == 0 {
					<-closing
				} else {
					p.wait()
				}
			})
			e.do(e.request("POST", u, "content"))
			close(closing)
			e.do(e.request("GET", u, ""))
		}},
	})
}

func hangUp(*peer) {}

// second makes a request, and then r on the same connection, on which the server
// reads it, does the given thing and hangs up. On another one it answers.
func (e *env) second(then func(*peer), r *http.Request) {
	var second atomic.Bool
	u := e.scripted(func(number int, p *peer) {
		for p.take() != nil {
			if number == 0 && second.Load() {
				then(p)
				return
			}
			if r.Method == "HEAD" {
				p.say(okNone)
			} else {
				p.say(okHi)
			}
		}
	})
	e.do(e.request("GET", u, ""))
	second.Store(true)
	r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(u, "http://")
	e.do(r)
}

// both opens two connections and leaves them idle.
func (e *env) both(u string) {
	defer e.timed(time.Now())
	var open [2]*http.Response
	for i := range open {
		response, err := e.rt.RoundTrip(e.request("GET", u, ""))
		if err != nil {
			e.Fatal(err)
		}
		open[i] = response
	}
	for _, response := range open {
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
}

// mute is a connection on which writing fails from some time on.
type mute struct {
	net.Conn
	muted atomic.Bool
}

func (m *mute) Write(p []byte) (int, error) {
	if m.muted.Load() {
		return 0, errors.New("write failed")
	}
	return m.Conn.Write(p)
}

// unwritten makes r over a used connection of which nothing gets out.
func (e *env) unwritten(r *http.Request) {
	var first atomic.Pointer[mute]
	e.base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		m := &mute{Conn: c}
		first.CompareAndSwap(nil, m)
		return m, err
	}
	u := e.scripted(func(_ int, p *peer) {
		for p.take() != nil {
			p.say(okHi)
		}
	})
	e.do(e.request("GET", u, ""))
	first.Load().muted.Store(true)
	r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(u, "http://")
	e.do(r)
}

// A connection that dies below TLS says good-bye first, which is no answer.
func TestRetryBelowTLS(t *testing.T) {
	for _, method := range []string{"GET", "POST"} {
		var requests atomic.Int32
		s := newUnstarted(t, func(w http.ResponseWriter, r *http.Request) {
			if requests.Add(1) == 2 {
				c, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				c.Close() // sends close_notify
				return
			}
			hello(w, r)
		})
		s.StartTLS()
		tr, pool := newTransport(t, 4)
		tr.Base = s.Client().Transport.(*http.Transport)
		fetch(t, tr, s.URL)
		r, _ := http.NewRequest(method, s.URL, nil)
		response, err := tr.RoundTrip(r)
		if method == "GET" {
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
			wantIdle(t, pool, 1)
		} else if err == nil {
			t.Error("a POST was repeated")
		} else if n := requests.Load(); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
		testkit.Eventually(t, "no slot is in use", func() bool { return pool.Stats().InUse == 0 })
	}
}
