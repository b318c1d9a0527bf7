package slothttp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestSameProxyFailures has proxies refuse, hang up and fail.
func TestSameProxyFailures(t *testing.T) {
	compare(t, []comparison{
		{"connect response hook", "bad proxy", func(e *env) {
			e.base.Proxy = http.ProxyURL(e.proxy(false, "127.0.0.1:1"))
			e.base.OnProxyConnectResponse = func(context.Context, *url.URL, *http.Request, *http.Response) error {
				return errors.New("bad proxy")
			}
			p := e.scripted(func(_ int, p *peer) { p.take(); p.say("HTTP/1.1 200 OK\r\n\r\n"); p.wait() })
			pu, _ := url.Parse(p)
			e.base.Proxy = http.ProxyURL(pu)
			e.do(e.request("GET", "https://one.test/", ""))
		}},
		{"header hook", "no header", func(e *env) {
			p := e.scripted(silent)
			pu, _ := url.Parse(p)
			e.base.Proxy = http.ProxyURL(pu)
			e.base.GetProxyConnectHeader = func(context.Context, *url.URL, string) (http.Header, error) {
				return nil, errors.New("no header")
			}
			e.do(e.request("GET", "https://one.test/", ""))
		}},
		{"407", "Authentication", func(e *env) {
			p := e.scripted(func(_ int, p *peer) {
				p.take()
				p.say("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
			})
			pu, _ := url.Parse(p)
			e.base.Proxy = http.ProxyURL(pu)
			e.do(e.request("POST", "https://one.test/", "content"))
		}},
		{"hang up in connect", "eof true", func(e *env) {
			p := e.scripted(func(_ int, p *peer) { p.take() })
			pu, _ := url.Parse(p)
			e.base.Proxy = http.ProxyURL(pu)
			e.do(e.request("POST", "https://one.test/", "content"))
		}},
		{"cancel in connect", "cancelled true", func(e *env) {
			ctx, cancel := context.WithCancel(e.Context())
			p := e.scripted(func(_ int, p *peer) { p.take(); cancel(); p.wait() })
			pu, _ := url.Parse(p)
			e.base.Proxy = http.ProxyURL(pu)
			_, err := e.rt.RoundTrip(e.request("POST", "https://one.test/", "content").WithContext(ctx))
			e.noteKind(err)
		}},
		{"tls failure behind proxy", "error", func(e *env) {
			p := e.scripted(func(_ int, p *peer) {
				p.take()
				p.say("HTTP/1.1 200 OK\r\n\r\n")
				_, _ = p.r.Peek(5) // else the answer to CONNECT takes the garbage along
				p.say("garbage that is no TLS record")
				p.wait() // a close may show as one, or as a reset if the handshake is unread
			})
			pu, _ := url.Parse(p)
			e.base.Proxy = http.ProxyURL(pu)
			e.do(e.request("POST", "https://one.test/", "content"))
		}},
		{"https proxy, no trust", "certificate", func(e *env) {
			e.base.Proxy = http.ProxyURL(e.proxy(true, ""))
			e.do(e.request("POST", "https://one.test/", "content"))
			e.do(e.request("POST", "http://one.test/", "content"))
		}},
		{"unknown proxy scheme", "error", func(e *env) {
			e.base.Proxy = http.ProxyURL(&url.URL{Scheme: "gopher", Host: "127.0.0.1:1"})
			e.do(e.request("POST", "https://one.test/", "content"))
			e.do(e.request("POST", "http://one.test/", "content"))
		}},
		{"socks refuses", "error", func(e *env) {
			s := e.scripted(func(_ int, p *peer) {
				_, _ = io.ReadFull(p.r, make([]byte, 3))
				p.say("\x05\xff")
			})
			pu, _ := url.Parse(s)
			pu.Scheme = "socks5"
			e.base.Proxy = http.ProxyURL(pu)
			e.do(e.request("POST", "http://one.test/", "content"))
		}},
		{"socks with auth", "auth me secret", func(e *env) {
			target := strings.TrimPrefix(e.server(echo), "http://")
			s := e.scripted(func(_ int, p *peer) {
				head := make([]byte, 2)
				_, _ = io.ReadFull(p.r, head)
				_, _ = io.CopyN(io.Discard, p.r, int64(head[1]))
				p.say("\x05\x02")
				h := make([]byte, 2)
				_, _ = io.ReadFull(p.r, h)
				user := make([]byte, h[1])
				_, _ = io.ReadFull(p.r, user)
				_, _ = io.ReadFull(p.r, h[:1])
				pass := make([]byte, h[0])
				_, _ = io.ReadFull(p.r, pass)
				p.e.note("auth %s %s", user, pass)
				p.say("\x01\x00")
				req := make([]byte, 5)
				_, _ = io.ReadFull(p.r, req)
				_, _ = io.CopyN(io.Discard, p.r, int64(req[4])+2)
				there, err := net.Dial("tcp", target)
				if err != nil {
					return
				}
				p.say("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
				join(p.Conn, p.r, there)
			})
			pu, _ := url.Parse(s)
			pu.Scheme = "socks5"
			pu.User = url.UserPassword("me", "secret")
			e.base.Proxy = http.ProxyURL(pu)
			e.do(e.request("POST", "http://one.test/", "content"))
			e.do(e.request("POST", "http://one.test/", "content"))
		}},
		{"websocket by http proxy", "101", func(e *env) {
			s := e.scripted(upgradeAndEcho)
			pu, _ := url.Parse(s)
			e.base.Proxy = http.ProxyURL(pu)
			r := e.request("GET", "http://one.test/", "")
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", "websocket")
			e.upgrade(r)
		}},
	})
}
