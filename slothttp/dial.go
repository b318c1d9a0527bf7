package slothttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"github.com/slotpool/slotpool/internal/dialgate"
)

type (
	dialFunc  = func(ctx context.Context, network, address string) (net.Conn, error)
	proxyFunc = func(*http.Request) (*url.URL, error)
)

// openTimeout is how long it may take to make a connection, handshakes included.
// net/http detaches its dials from the requests. Without this limit a dial to a host
// that does not answer would keep its slot for as long as the system tries.
const openTimeout = 30 * time.Second

var errNoCloseWrite = fmt.Errorf("slothttp: CloseWrite: %w", http.ErrNotSupported)

// openSocket is the one place where a descriptor is made. It waits where there is none.
func (s *state) openSocket(ctx context.Context, dial dialFunc, network, address string, clock *dialgate.Clock) (net.Conn, error) {
	c, err := dialgate.Dial(ctx, network, address, dial, s.slots, clock)
	if err == nil && c == nil {
		err = fmt.Errorf("slothttp: the dialler of Transport.Base returned neither a connection nor an error for %s %s", network, address)
	}
	return c, err
}

// openingKey is how a link that is being opened travels through net/http to the
// functions below.
type openingKey struct{}

var errNotOurs = errors.New("slothttp: a dial that no request asked for")

func opening(ctx context.Context) *link {
	l, _ := ctx.Value(openingKey{}).(*link)
	return l
}

// pinnedProxy is the Proxy of the clones: it repeats what Base's said to the
// real request, where net/http would ask it with one it made up.
func pinnedProxy(r *http.Request) (*url.URL, error) {
	if l := opening(r.Context()); l != nil {
		return l.origin.proxy, nil
	}
	return nil, errNotOurs
}

func (s *state) dialPlain(ctx context.Context, network, address string) (net.Conn, error) {
	return s.dialWith(ctx, s.dial, network, address)
}

func (s *state) dialSecure(ctx context.Context, network, address string) (net.Conn, error) {
	return s.dialWith(ctx, s.secure, network, address)
}

func (s *state) dialWith(ctx context.Context, dial dialFunc, network, address string) (net.Conn, error) {
	l := opening(ctx)
	if l == nil {
		return nil, errNotOurs
	}
	c, err := s.openSocket(ctx, dial, network, address, l.clock)
	if err != nil {
		return nil, err
	}
	if c, ok := c.(*tls.Conn); ok {
		l.foreign = c // net/http wants to see this very type
		return c, nil
	}
	l.wire = &wire{Conn: c, link: l}
	return l.wire, nil
}

// open makes the connection of l. It must be done by openTimeout.
func (s *state) open(ctx context.Context, l *link) (err error) {
	defer func() {
		if l.cc == nil { // failed or panicked
			l.closeSocket() // net/http has, but for a panic
		}
	}()
	o := l.origin
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, openingKey{}, l), openTimeout)
	defer cancel()
	l.cancel = cancel
	o.remember(l)
	defer o.forget(l)
	if o.key.scheme == "https" || o.proxy != nil {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{TLSHandshakeDone: l.shook})
	}
	from := s.base
	if o.key.onlyH1 {
		from = s.onlyH1
	}
	cc, err := from.NewClientConn(ctx, o.key.scheme, o.address)
	if err != nil {
		return err
	}
	l.cc = cc
	l.shared.Store(l.negotiated == "h2" || !l.secure && s.shares[plain] && !o.key.onlyH1)
	return nil
}

// shook is told of handshakes. The last one counts; one with a proxy comes before it.
func (l *link) shook(c tls.ConnectionState, _ error) {
	l.negotiated, l.secure = c.NegotiatedProtocol, true
}
