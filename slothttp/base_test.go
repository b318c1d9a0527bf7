package slothttp_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
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
