package slothttp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// state is a Transport in use.
type state struct {
	given  *http.Transport // Base as it is, for protocols that were registered there
	base   *http.Transport // its clone, which makes connections
	onlyH1 *http.Transport // likewise, for requests that HTTP/2 cannot carry
	refuse *http.Transport // knows net/http's rules and connects to nothing
	dial   dialFunc        // makes a socket
	secure dialFunc        // of Base, makes a TLS connection; nil if net/http does
	proxy  proxyFunc       // of Base; nil for none
	shares [2]bool         // whether HTTP/2 may come of http and https

	slots     *resourcepool.Pool
	most      uint
	idle, age time.Duration

	mu      sync.RWMutex
	origins origins
	bound   int // of origins before the unused ones are dropped

	closeIdle atomic.Bool // what becomes idle is to be closed
}

const (
	plain = iota // indices of shares
	overTLS
)

// theDefault is what a nil Base means to a program that has since put a
// Transport of this package in http.DefaultTransport.
var theDefault = http.DefaultTransport

func (t *Transport) use() (*state, error) {
	t.once.Do(func() { t.state, t.err = t.begin() })
	return t.state, t.err
}

func (t *Transport) begin() (*state, error) {
	for _, f := range []struct {
		name  string
		value any
		bad   bool
	}{
		{"MaxConnsPerHost", t.MaxConnsPerHost, t.MaxConnsPerHost < 0},
		{"IdleConnTimeout", t.IdleConnTimeout, t.IdleConnTimeout < 0},
		{"MaxConnLifetime", t.MaxConnLifetime, t.MaxConnLifetime < 0},
	} {
		if f.bad {
			return nil, fmt.Errorf("slothttp: Transport.%s is %v, want 0 or more", f.name, f.value)
		}
	}
	given, err := t.given()
	if err != nil {
		return nil, err
	}
	s := &state{
		given:   given,
		slots:   t.Slots,
		most:    uint(t.MaxConnsPerHost),
		idle:    t.IdleConnTimeout,
		age:     t.MaxConnLifetime,
		origins: newOrigins(),
		bound:   leastBound,
	}
	if s.slots == nil {
		s.slots = connpool.GetResourcePool()
	}
	s.setUp(given)
	return s, nil
}

func (t *Transport) given() (*http.Transport, error) {
	if t.Base != nil {
		return t.Base, nil
	}
	for _, d := range []http.RoundTripper{http.DefaultTransport, theDefault} {
		if d, ok := d.(*http.Transport); ok && d != nil {
			return d, nil
		}
	}
	return nil, fmt.Errorf("slothttp: Transport.Base is nil, and http.DefaultTransport is a %T, not an *http.Transport", http.DefaultTransport)
}

var errRefused = errors.New("slothttp: not to be connected")

func (s *state) setUp(given *http.Transport) {
	// Clone first. It is what sets up HTTP/2 in given, once, and others may use or
	// clone that at the same time: what is read of it before is read amid that.
	b := given.Clone()
	p := protocols(given)
	s.proxy, s.dial, s.secure = b.Proxy, dialerOf(b), secureDialerOf(b)
	if b.Proxy != nil {
		b.Proxy = pinnedProxy
	}
	if s.secure != nil {
		setDialers(b, s.dialPlain, s.dialSecure)
	} else {
		setDialers(b, s.dialPlain, nil)
	}
	b.MaxConnsPerHost = 0 // net/http counts only connections of its own pool
	b.IdleConnTimeout = 0 // the timer is ours
	b.Protocols = &p
	if p.HTTP2() || p.UnencryptedHTTP2() {
		b.TLSNextProto = nil // net/http's own HTTP/2 has NewClientConn
	}
	s.base = b
	s.shares = [2]bool{plain: p.UnencryptedHTTP2() && !p.HTTP1(), overTLS: p.HTTP2()}

	s.onlyH1 = b.Clone()
	s.onlyH1.Protocols = new(http.Protocols)
	s.onlyH1.Protocols.SetHTTP1(true)
	s.onlyH1.TLSNextProto = nil
	if c := s.onlyH1.TLSClientConfig; c != nil {
		c.NextProtos = nil
	}
	s.refuse = &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return nil, errRefused },
	}
}

// protocols is what t, which was cloned, would speak. It is not asked of the clone,
// whose dialler by itself turns HTTP/2 off.
func protocols(t *http.Transport) http.Protocols {
	if t.Protocols != nil {
		return *t.Protocols
	}
	var p http.Protocols
	p.SetHTTP1(true)
	switch {
	case t.TLSNextProto != nil:
		p.SetHTTP2(t.TLSNextProto["h2"] != nil)
	default:
		p.SetHTTP2(t.ForceAttemptHTTP2 || t.TLSClientConfig == nil && !customDial(t))
	}
	return p
}

func (s *state) closeIdleConnections() {
	s.closeIdle.Store(true)
	s.mu.RLock()
	all := make([]*origin, 0, s.origins.len())
	for o := range s.origins.each {
		all = append(all, o)
	}
	s.mu.RUnlock()
	for _, o := range all {
		o.closeIdle()
	}
}
