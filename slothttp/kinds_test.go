package slothttp_test

import (
	"net/http"
	"testing"
)

// kind is a way to speak HTTP.
type kind struct {
	name    string
	tls     bool
	h2      bool
	streams int // that a server allows on a connection; 0: its default
}

var kinds = []kind{
	{name: "http"},
	{name: "https", tls: true},
	{name: "http2", tls: true, h2: true},
	{name: "http2 with two streams", tls: true, h2: true, streams: 2},
	{name: "h2c", h2: true},
}

// servers starts n servers, and returns what speaks to all of them by this kind.
func (k kind) servers(t *testing.T, n int, h http.HandlerFunc) (servers []*counted, base *http.Transport) {
	t.Helper()
	var p *http.Protocols
	if k.h2 && !k.tls {
		p = new(http.Protocols)
		p.SetUnencryptedHTTP2(true)
	}
	for range n {
		s := newUnstarted(t, h)
		s.EnableHTTP2 = k.h2
		s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: k.streams}
		s.Config.Protocols = p
		if k.tls {
			s.StartTLS()
		} else {
			s.Start()
		}
		servers = append(servers, s)
	}
	base = servers[0].Client().Transport.(*http.Transport).Clone()
	base.Protocols = p
	return servers, base
}
