//go:build linux

package load

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/server"
	"github.com/slotpool/slotpool/resourcepool"
	"github.com/slotpool/slotpool/slothttp"
)

// httpAPI is slothttp.Transport, in a pool of slots of its own below that of the
// process.
type httpAPI struct {
	load      *Load
	slots     *resourcepool.Pool
	transport *slothttp.Transport
	gotten    atomic.Uint64 // connections that requests got
}

func (a *httpAPI) begin(l *Load) {
	a.slots = l.sub(max(l.Pool.Stats().Limit/2, 2), "soak-http")
	a.transport = &slothttp.Transport{
		Slots: a.slots, MaxConnsPerHost: poolMost, IdleConnTimeout: poolIdle, MaxConnLifetime: poolLifetime,
		Base: &http.Transport{
			DialContext: a.dial, TLSClientConfig: l.TLS.Clone(), TLSHandshakeTimeout: dialTimeout,
			TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}, // HTTP/1 alone
		},
	}
}

// open makes the URL of an endpoint. One that is no TCP address has a name of which the
// dialer alone knows.
func (a *httpAPI) open(e server.Endpoint) Way {
	w := &httpWay{of: a, scheme: "http", host: e.Target()}
	if e.TLS {
		w.scheme = "https"
	}
	if e.Network != "tcp" {
		w.host = fmt.Sprintf("%x.invalid", e.Address)
	}
	w.socket = site{Endpoint: e} // TLS is the Transport's
	w.socket.TLS = false
	return w
}

func (a *httpAPI) drain(ctx context.Context) error {
	for ctx.Err() == nil {
		if s := a.slots.Stats(); s.InUse+s.Releasing+s.Waiting == 0 {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return fmt.Errorf("what the Transport does for nobody does not end: %+v", a.slots.Stats())
}

func (a *httpAPI) end(ctx context.Context) {
	a.transport.CloseIdleConnections()
	l := a.load.Ledger
	s := a.slots.Stats()
	if s.InUse+s.Idle+s.Releasing+s.Waiting != 0 {
		l.Fail(check.Empty, "the slots of the Transport, which has closed its idle connections: %+v", s)
	}
	if gotten := a.gotten.Load(); s.Gets < gotten {
		l.Fail(check.Accounts, "the slots of the Transport counted %d Gets, its requests %d", s.Gets, gotten)
	}
}

// dial is the DialContext: that of the request which led to it. Of its error the
// caller expects no connection with it.
func (a *httpAPI) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	d, ok := ctx.Value(dialerKey{}).(*dialer)
	if !ok {
		a.load.Ledger.Fail(check.Errors, "Transport: %v", errNoDialer)
		return nil, errNoDialer
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := d.dial(ctx, d.site.Network, d.site.Target())
	if err != nil {
		if conn != nil {
			_ = conn.Close()
		}
		return nil, &dialError{d.site.Target(), err}
	}
	return conn, nil
}
