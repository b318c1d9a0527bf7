package slothttp_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

// A reverse proxy in front of more servers than slots, with many clients.
func TestReverseProxy(t *testing.T) {
	tr, pool := newTransport(t, 4)
	var targets []*url.URL
	for range 12 {
		s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "Late")
			body, _ := io.ReadAll(r.Body)
			_, _ = w.Write(body)
			w.Header().Set("Late", r.URL.Path)
		})
		u, _ := url.Parse(s.URL)
		targets = append(targets, u)
	}
	front := httptest.NewServer(&httputil.ReverseProxy{
		Transport: tr,
		Rewrite: func(r *httputil.ProxyRequest) {
			var n int
			_, _ = fmt.Sscanf(r.In.URL.Path, "/%d", &n)
			r.SetURL(targets[n%len(targets)])
		},
	})
	defer front.Close()
	all(20, func(i int) {
		client := front.Client()
		for k := range 20 {
			path := fmt.Sprintf("/%d", i*7+k)
			body := strings.Repeat(path, 1000)
			response, err := client.Post(front.URL+path, "text/plain", strings.NewReader(body))
			if err != nil {
				t.Error(err)
				continue
			}
			got, err := io.ReadAll(response.Body)
			response.Body.Close()
			if string(got) != body || err != nil || response.Trailer.Get("Late") != path {
				t.Errorf("%s: %s, %d bytes, %v, trailer %v", path, response.Status, len(got), err, response.Trailer)
			}
		}
	})
	testkit.Eventually(t, "none is in use", func() bool { return pool.Stats().InUse == 0 })
	t.Logf("%+v", pool.Stats())
}

// Upgraded connections pass through a reverse proxy.
func TestReverseProxyUpgrade(t *testing.T) {
	tr, pool := newTransport(t, 2)
	e := &env{T: t, base: tr.Base, rt: tr}
	target, _ := url.Parse(e.scripted(upgradeAndEcho))
	front := httptest.NewServer(&httputil.ReverseProxy{Transport: tr, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
	defer front.Close()
	c, err := net.Dial("tcp", front.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	r := bufio.NewReader(c)
	response, err := http.ReadResponse(r, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", response, err)
	}
	_, _ = io.WriteString(c, "ping\n") // not sooner: ReverseProxy loses what comes with the request
	if line, err := r.ReadString('\n'); line != "ping\n" {
		t.Errorf("got %q, %v", line, err)
	}
	if n := pool.Stats().InUse; n != 1 {
		t.Errorf("%d in use, want 1", n)
	}
	c.Close()
	testkit.Eventually(t, "the slot is free", func() bool { return pool.Stats().InUse == 0 })
}

// A client that hangs up ends its request to the server, also while that waits for a slot.
// So ReverseProxy needs no time-out for such clients.
func TestReverseProxyWhoseClientsLeave(t *testing.T) {
	tr, pool := newTransport(t, 1)
	asked, ended := make(chan struct{}), make(chan struct{})
	target, _ := url.Parse(newServer(t, func(_ http.ResponseWriter, r *http.Request) {
		close(asked) // by the first alone
		<-r.Context().Done()
		close(ended)
	}).URL)
	front := httptest.NewServer(&httputil.ReverseProxy{
		Transport:    tr,
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {}, // that the client has gone
	})
	defer front.Close()
	ask := func() (leave func()) {
		c, err := net.Dial("tcp", front.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		return func() { c.Close() }
	}
	leave := ask()
	<-asked
	leaveQueue := ask()
	testkit.Eventually(t, "the second waits for a slot", func() bool { return pool.Stats().Waiting == 1 })
	leaveQueue()
	testkit.Eventually(t, "nobody waits", func() bool { return pool.Stats().Waiting == 0 })
	leave()
	<-ended
	testkit.Eventually(t, "the slot is free", func() bool { return pool.Stats().InUse == 0 })
}
