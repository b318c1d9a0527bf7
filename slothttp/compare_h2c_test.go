package slothttp_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// unencrypted is a server that speaks HTTP/2 without TLS, as e.base is to.
func (e *env) unencrypted(h http.HandlerFunc) (url string) {
	servers, base := kind{h2: true}.servers(e.T, 1, h)
	e.base.Protocols = base.Protocols
	e.http2 = true
	return servers[0].URL
}

// TestSameOverH2C makes exchanges over HTTP/2 without TLS.
func TestSameOverH2C(t *testing.T) {
	compare(t, []comparison{
		{"GET", "HTTP/2.0 200", func(e *env) { e.do(e.request("GET", e.unencrypted(echo), "")) }},
		{"HEAD", "HTTP/2.0 200", func(e *env) { e.do(e.request("HEAD", e.unencrypted(echo), "")) }},
		{"reuse", "reused true", func(e *env) {
			u := e.unencrypted(echo)
			for range 3 {
				e.doTraced(e.request("POST", u, "content"))
			}
		}},
		{"trailers", "Late:[42]", func(e *env) {
			r := e.request("POST", e.unencrypted(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Trailer", "Late")
				_, _ = io.WriteString(w, "x")
				w.Header().Set("Late", r.Trailer.Get("Sum"))
			}), "")
			r.Body = io.NopCloser(strings.NewReader("body"))
			r.Trailer = http.Header{"Sum": {"42"}}
			e.do(r)
		}},
		{"a server of HTTP/1 alone", "error", func(e *env) {
			e.unencrypted(echo)
			_, err := e.rt.RoundTrip(e.request("GET", e.server(echo), ""))
			e.note("error %v", err != nil)
		}},
	})
}
