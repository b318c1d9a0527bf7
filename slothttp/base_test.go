package slothttp_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/slotpool/slotpool/resourcepool"
	"github.com/slotpool/slotpool/slothttp"
)

// Base is often one that others use too, such as http.DefaultTransport. Its first use
// sets up HTTP/2 in it, amid which the first use of a Transport once read it: a data
// race. Transports that share a Base, and the Base itself, begin at once.
func TestTransportsBeginAtOnceWithOneBase(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	for range 10 {
		roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		base := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
		users := []http.RoundTripper{base}
		for range 4 {
			users = append(users, &slothttp.Transport{Base: base, Slots: resourcepool.New(1, "")})
		}
		var wg sync.WaitGroup
		for _, user := range users {
			wg.Go(func() {
				client := &http.Client{Transport: user}
				r, err := client.Get(server.URL)
				if err != nil {
					t.Error(err)
					return
				}
				r.Body.Close()
				if r.ProtoMajor != 2 {
					t.Errorf("%T speaks %s", user, r.Proto)
				}
				client.CloseIdleConnections()
			})
		}
		wg.Wait()
	}
}

// A program may make a Transport the default that is based on the default.
func TestAsDefaultTransport(t *testing.T) {
	before := http.DefaultTransport
	defer func() { http.DefaultTransport = before }()
	tr, _ := newTransport(t, 2)
	tr.Base = nil
	http.DefaultTransport = tr
	s := newServer(t, hello)
	if got := fetch(t, http.DefaultTransport, s.URL+"/x"); got != "hello /x" {
		t.Errorf("got %q", got)
	}
}

// Base keeps its own connections and may be used beside the Transport.
func TestBaseIsNotTouched(t *testing.T) {
	s := newServer(t, hello)
	tr, pool := newTransport(t, 2)
	var late lateness
	late.fetch(t, tr.Base, s.URL)
	late.fetch(t, tr, s.URL)
	late.fetch(t, tr.Base, s.URL)
	late.fetch(t, tr, s.URL)
	if n := s.conns.Load(); n < 2 || n > 2+int32(late) {
		t.Errorf("%d connections, want 2", n)
	}
	tr.CloseIdleConnections()
	wantIdle(t, pool, 0)
	late.fetch(t, tr.Base, s.URL)
	if n := s.conns.Load(); n < 2 || n > 2+int32(late) {
		t.Errorf("%d connections, want 2", n)
	}
	tr.Base.CloseIdleConnections()
}

// Where the connections lead, as net/http has it.
func TestSameAddresses(t *testing.T) {
	var all []comparison
	for _, u := range []string{
		"http://one.test", "https://one.test", "http://one.test:8080", "https://one.test:", "http://[::1]", "https://[fe80::1%25lo]:1",
		"http://b\u00fccher.test", "https://B\u00fccher.test:444", "http://\u4f8b.\u4f8b", "http://xn--bcher-kva.test",
	} {
		all = append(all, comparison{u, "to ", func(e *env) {
			e.base.DialContext = func(_ context.Context, network, address string) (net.Conn, error) {
				e.note("%s to %s", network, address)
				return nil, errBroken
			}
			r, done := e.traced(e.request("GET", u, ""))
			e.do(r)
			done()
		}})
	}
	all = append(all, comparison{"proxy names", "to xn--", func(e *env) {
		e.base.DialContext = func(_ context.Context, network, address string) (net.Conn, error) {
			e.note("%s to %s", network, address)
			return nil, errBroken
		}
		var proxy *url.URL
		e.base.Proxy = func(*http.Request) (*url.URL, error) { return proxy, nil }
		for _, p := range []string{"http://b\u00fccher.test", "https://b\u00fccher.test", "socks5://b\u00fccher.test", "socks5://one.test", "socks5h://b\u00fccher.test:99"} {
			proxy, _ = url.Parse(p)
			r, done := e.traced(e.request("GET", "http://one.test", ""))
			e.do(r)
			done()
		}
	}})
	compare(t, all)
}

// A registered protocol is Base's.
func TestRegisteredProtocol(t *testing.T) {
	tr, _ := newTransport(t, 1)
	tr.Base.RegisterProtocol("file", http.NewFileTransport(http.Dir(t.TempDir())))
	response, err := (&http.Client{Transport: tr}).Get("file:///nothing")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusNotFound {
		t.Errorf("status %s", response.Status)
	}
}
