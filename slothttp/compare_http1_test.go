package slothttp_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func (e *env) server(h http.HandlerFunc) (url string) {
	s := httptest.NewServer(h)
	e.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}

// echo answers with what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %s %q %v close=%v gzip=%v trailer=%v", r.Method, r.URL.Path, r.Header.Get("X-Test"), body, err,
		r.Close, r.Header.Get("Accept-Encoding"), r.Trailer)
}

// TestSameOverHTTP1 makes the same exchanges over both transports.
func TestSameOverHTTP1(t *testing.T) {
	compare(t, []comparison{
		{"GET", `"GET /a`, func(e *env) { e.do(e.request("GET", e.server(echo)+"/a", "")) }},
		{"HEAD", "200 OK", func(e *env) { e.do(e.request("HEAD", e.server(echo)+"/a", "")) }},
		{"POST", `content`, func(e *env) { e.do(e.request("POST", e.server(echo), "content")) }},
		{"POST chunked", `content`, func(e *env) {
			r := e.request("POST", e.server(echo), "content")
			r.ContentLength = -1
			r.Body = io.NopCloser(iotest.OneByteReader(strings.NewReader("content")))
			e.do(r)
		}},
		{"no content", "204", func(e *env) {
			u := e.server(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
			for range 3 {
				e.doTraced(e.request("GET", u, ""))
			}
		}},
		{"reuse", "reused true", func(e *env) {
			u := e.server(echo)
			for range 3 {
				e.doTraced(e.request("GET", u, ""))
			}
		}},
		{"gzip", "uncompressed true", func(e *env) {
			e.do(e.request("GET", e.server(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				z := gzip.NewWriter(w)
				_, _ = io.WriteString(z, strings.Repeat("zip", 1000))
				z.Close()
			}), ""))
		}},
		{"broken gzip", "gzip: invalid header", func(e *env) {
			u := e.server(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = io.WriteString(w, "this is no gzip at all")
			})
			e.do(e.request("GET", u, ""))
			e.do(e.request("GET", u, ""))
		}},
		{"trailers", "Late:[now]", func(e *env) {
			r := e.request("POST", e.server(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Trailer", "Late")
				_, _ = io.WriteString(w, r.Trailer.Get("Sum"))
				w.Header().Set("Late", "now")
			}), "")
			r.Body = io.NopCloser(strings.NewReader("body"))
			r.Trailer = http.Header{"Sum": {"42"}}
			e.do(r)
		}},
		{"100-continue", "Got100Continue", func(e *env) {
			e.base.ExpectContinueTimeout = time.Minute
			r, done := e.traced(e.request("POST", e.server(echo), "content"))
			r.Header.Set("Expect", "100-continue")
			e.do(r)
			done()
		}},
		{"100-continue refused", "417", func(e *env) {
			e.base.ExpectContinueTimeout = time.Minute
			r := e.request("POST", e.server(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Connection", "close")
				w.WriteHeader(http.StatusExpectationFailed)
			}), "")
			body := &watched{Reader: strings.NewReader("content")}
			r.Body, r.ContentLength = body, 7
			r.Header.Set("Expect", "100-continue")
			e.do(r)
			e.note("read %v closed %v", body.read.Load(), e.eventuallyClosed(body))
		}},
		{"early hints", "Got1xxResponse 103", func(e *env) {
			r, done := e.traced(e.request("GET", e.server(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Link", "</a.css>")
				w.WriteHeader(http.StatusEarlyHints)
				_, _ = io.WriteString(w, "late")
			}), ""))
			e.do(r)
			done()
		}},
		{"upgrade", "echoed ping", func(e *env) {
			r := e.request("GET", e.scripted(upgradeAndEcho), "")
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", "echo")
			e.upgrade(r)
		}},
		{"CONNECT", "200 OK", func(e *env) {
			u := e.scripted(func(_ int, p *peer) {
				p.take()
				p.say("HTTP/1.1 200 OK\r\n\r\nfrom the other end")
			})
			r := e.request("CONNECT", u, "")
			r.URL.Opaque = "example.com:443"
			e.do(r)
		}},
		{"Request.Close", "close=true", func(e *env) {
			u := e.server(echo)
			for range 2 {
				r, done := e.traced(e.request("GET", u, ""))
				r.Close = true
				e.do(r)
				done()
			}
		}},
		{"the server closes", "close true", func(e *env) {
			u := e.server(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Connection", "close")
				echo(w, r)
			})
			e.do(e.request("GET", u, ""))
			e.do(e.request("GET", u, ""))
		}},
		{"no keep-alives", "close=true", func(e *env) {
			e.base.DisableKeepAlives = true
			u := e.server(echo)
			e.do(e.request("GET", u, ""))
			e.do(e.request("GET", u, ""))
		}},
		{"no compression", "gzip= ", func(e *env) {
			e.base.DisableCompression = true
			e.do(e.request("GET", e.server(echo), ""))
		}},
		{"redirects and cookies", "cookie=a=1", func(e *env) {
			u := e.server(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/" {
					http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
					http.Redirect(w, r, "/next", http.StatusTemporaryRedirect)
					return
				}
				body, _ := io.ReadAll(r.Body)
				fmt.Fprintf(w, "cookie=%s %s", r.Header.Get("Cookie"), body)
			})
			jar, _ := cookiejar.New(nil)
			response, err := (&http.Client{Transport: e.rt, Jar: jar}).Post(u, "text/plain", strings.NewReader("again"))
			if err != nil {
				e.noteError(err)
				return
			}
			defer response.Body.Close()
			e.noteAnswer(response.Request, response)
		}},
	})
}

func upgradeAndEcho(_ int, p *peer) {
	if r := p.take(); r == nil {
		return
	}
	p.say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	_, _ = io.Copy(p, p.r)
}

// upgraded returns the connection that a request to switch protocols became.
func (e *env) upgraded(url string) io.ReadWriteCloser {
	e.Helper()
	r := e.request("GET", url, "")
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	response, err := e.rt.RoundTrip(r)
	if err != nil {
		e.Fatal(err)
	}
	return response.Body.(io.ReadWriteCloser)
}

func (e *env) upgrade(r *http.Request) { e.upgradeThen(r, func() {}) }

// upgradeThen does something between the switch of protocols and the first use of the
// connection.
func (e *env) upgradeThen(r *http.Request, then func()) {
	response, err := e.rt.RoundTrip(r)
	if err != nil {
		e.noteError(err)
		return
	}
	defer response.Body.Close()
	e.note("%s", response.Status)
	both, ok := response.Body.(io.ReadWriter)
	if !ok {
		e.Errorf("the body is a %T", response.Body)
		return
	}
	then()
	_, _ = io.WriteString(both, "ping\n")
	line, err := bufio.NewReader(both).ReadString('\n')
	e.note("echoed %s %v", line, err)
	half, ok := response.Body.(interface{ CloseWrite() error })
	e.note("CloseWrite %v", ok && half.CloseWrite() == nil)
}
