package slothttp_test

import (
	"crypto/tls"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestSameTraceOfConnections compares what a trace is told of look-ups, dials and
// handshakes.
func TestSameTraceOfConnections(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		name := "HTTP1"
		if http2 {
			name = "HTTP2"
		}
		compare(t, []comparison{{name, "handshake done", func(e *env) {
			u := strings.Replace(e.secure(http2, echo), "127.0.0.1", "localhost", 1)
			e.base.TLSClientConfig.ServerName = "example.com"
			var mu sync.Mutex
			var told []string
			tell := func(what string) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, what)
			}
			for range 2 {
				r := e.request("GET", u, "")
				e.do(r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
					DNSStart:          func(i httptrace.DNSStartInfo) { tell("look-up of " + i.Host) },
					DNSDone:           func(httptrace.DNSDoneInfo) { tell("look-up done") },
					TLSHandshakeStart: func() { tell("handshake") },
					TLSHandshakeDone:  func(s tls.ConnectionState, _ error) { tell("handshake done " + s.NegotiatedProtocol) },
					WroteHeaderField:  func(key string, value []string) { tell("header " + strings.ToLower(key)) },
				})))
			}
			mu.Lock()
			defer mu.Unlock()
			slices.Sort(told)
			e.note("%q", told)
		}}})
	}
}
