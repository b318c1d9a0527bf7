package slothttp_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// proxy is an HTTP proxy that answers by itself what it is asked for, and
// tunnels to target whatever CONNECT names.
func (e *env) proxy(secure bool, target string) *url.URL {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			fmt.Fprintf(w, "for %s host %s auth %q", r.URL, r.Host, r.Header.Get("Proxy-Authorization"))
			return
		}
		e.note("CONNECT %s auth %q header %q", r.Host, r.Header.Get("Proxy-Authorization"), r.Header.Get("X-Connect"))
		if target == "" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		there, err := net.Dial("tcp", target)
		if err != nil {
			e.Error(err)
			return
		}
		here, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			e.Error(err)
			return
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		join(here, buffered.Reader, there)
	})
	s := httptest.NewUnstartedServer(h)
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	e.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	u, _ := url.Parse(s.URL)
	return u
}

// join copies both ways until either end is closed.
func join(here net.Conn, from io.Reader, there net.Conn) {
	go func() {
		_, _ = io.Copy(here, there)
		here.Close()
	}()
	_, _ = io.Copy(there, from)
	there.Close()
}

// socks is a SOCKS5 proxy (RFC 1928) to target.
func (e *env) socks(target string) *url.URL {
	u, _ := url.Parse(e.scripted(func(_ int, p *peer) {
		head := make([]byte, 2)
		_, _ = io.ReadFull(p.r, head)
		_, _ = io.CopyN(io.Discard, p.r, int64(head[1])) // methods
		p.say("\x05\x00")
		request := make([]byte, 5) // version, command, reserved, kind, length of the name
		_, _ = io.ReadFull(p.r, request)
		name := make([]byte, int(request[4])+2)
		_, _ = io.ReadFull(p.r, name)
		n := len(name) - 2
		e.note("SOCKS to %s:%d", name[:n], binary.BigEndian.Uint16(name[n:]))
		there, err := net.Dial("tcp", target)
		if err != nil {
			e.Error(err)
			return
		}
		p.say("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
		join(p.Conn, p.r, there)
	}))
	u.Scheme = "socks5"
	return u
}

func TestSameByProxy(t *testing.T) {
	compare(t, []comparison{
		{"http", "for http://one.test/", func(e *env) {
			p := e.proxy(false, "")
			e.base.Proxy = http.ProxyURL(p)
			for _, host := range []string{"one.test", "two.test:8080", "one.test"} { // over one connection
				e.doTraced(e.request("GET", "http://"+host+"/", ""))
			}
		}},
		{"http with a password", "Basic", func(e *env) {
			p := e.proxy(false, "")
			p.User = url.UserPassword("me", "secret")
			e.base.Proxy = http.ProxyURL(p)
			for range 2 {
				e.do(e.request("GET", "http://one.test/", ""))
			}
		}},
		{"a name with umlauts", "xn--bcher-kva.test", func(e *env) {
			e.base.Proxy = http.ProxyURL(e.proxy(false, ""))
			e.do(e.request("GET", "http://B\u00fccher.test/", ""))
			e.do(e.request("GET", "https://B\u00fccher.test/", ""))
		}},
		{"the real request is asked about", "for http://one.test/", func(e *env) {
			p := e.proxy(false, "")
			e.base.Proxy = func(r *http.Request) (*url.URL, error) {
				e.note("asked for %s %s %s", r.Method, r.URL, r.Header.Get("X-Test"))
				return p, nil
			}
			r := e.request("POST", "http://one.test/", "content")
			r.Header.Set("X-Test", "yes")
			e.do(r)
		}},
		{"refused", "Forbidden", func(e *env) {
			e.base.Proxy = http.ProxyURL(e.proxy(false, ""))
			e.do(e.request("GET", "https://one.test/", ""))
		}},
		{"nobody listens", "proxyconnect", func(e *env) {
			e.base.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "127.0.0.1:1"})
			e.do(e.request("GET", "https://one.test/", ""))
		}},
		{"socks to http", "SOCKS to one.test:80", func(e *env) {
			s := e.server(echo)
			e.base.Proxy = http.ProxyURL(e.socks(strings.TrimPrefix(s, "http://")))
			e.doTraced(e.request("POST", "http://one.test/", "content"))
		}},
	})
	for _, http2 := range []bool{false, true} {
		for _, secure := range []bool{false, true} {
			name := fmt.Sprintf("tunnel http2=%v proxy over TLS=%v", http2, secure)
			compare(t, []comparison{{name, "CONNECT example.com:443", func(e *env) {
				s := e.secure(http2, echo) // the certificate is for example.com
				p := e.proxy(secure, strings.TrimPrefix(s, "https://"))
				p.User = url.UserPassword("me", "secret")
				e.base.ProxyConnectHeader = http.Header{"X-Connect": {"hello"}}
				e.base.Proxy = http.ProxyURL(p)
				for range 2 {
					e.do(e.request("POST", "https://example.com", "content"))
				}
			}}})
		}
	}
}

// Two proxies, or none, lead to connections that are not the same.
func TestOriginsDifferByProxy(t *testing.T) {
	tr, pool := newTransport(t, 8)
	e := &env{T: t, base: tr.Base, rt: tr}
	proxies := []*url.URL{e.proxy(false, ""), e.proxy(false, "")}
	next := 0
	tr.Base.Proxy = func(*http.Request) (*url.URL, error) { return proxies[next], nil }
	for next = range proxies {
		fetch(t, tr, "http://one.test/")
	}
	wantIdle(t, pool, 2)
	next = 0
	fetch(t, tr, "http://two.test/")
	wantIdle(t, pool, 2)
}
