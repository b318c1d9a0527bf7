package connpool

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"syscall"
)

// lookups is a resolver that works as net.DefaultResolver does, by the settings
// which that has at the time, and counts the sockets it opens. Where look-ups
// go through the C library it is not asked for sockets.
type lookups struct {
	permits *permits

	lock     sync.Mutex
	resolver *net.Resolver // one for all dials, so that they share look-ups
}

// permitKey is the context key of the permit of a dial.
type permitKey struct{}

// current returns the resolver, a new one if the program has changed what
// package net reads before it asks for a socket.
func (l *lookups) current() *net.Resolver {
	var preferGo, strict bool
	if d := net.DefaultResolver; d != nil {
		preferGo, strict = d.PreferGo, d.StrictErrors
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	if r := l.resolver; r == nil || r.PreferGo != preferGo || r.StrictErrors != strict {
		l.resolver = &net.Resolver{PreferGo: preferGo, StrictErrors: strict, Dial: l.dial}
	}
	return l.resolver
}

// dial is the Dial of the resolver. The values of ctx are those of the dial that
// began the look-up, as long as that lasts.
func (l *lookups) dial(ctx context.Context, network, address string) (net.Conn, error) {
	asked, _ := ctx.Value(permitKey{}).(*permit)
	conn := &lookupConn{permits: l.permits, owner: l.permits.opened(asked)}
	dial := (&net.Dialer{}).DialContext
	if d := net.DefaultResolver; d != nil && d.Dial != nil {
		dial = d.Dial
	}
	defer conn.closeUnlessOpen() // also if the program's Dial panics
	inner, err := dial(ctx, network, address)
	if err != nil || inner == nil {
		if asked != nil && noDescriptor(err) {
			l.permits.setStarved(asked)
		}
		return inner, err
	}
	conn.Conn = inner
	// The context ends when nobody waits for the look-up any more, which then
	// would keep its sockets for the 5 seconds that package net gives it.
	conn.stop = context.AfterFunc(ctx, conn.shut)
	if packets, ok := inner.(net.PacketConn); ok {
		return &lookupPacketConn{conn, packets}, nil
	}
	return conn, nil
}

// noDescriptor says that an error is for want of a descriptor.
func noDescriptor(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// hidesNoDescriptor says that an error is that of a look-up for want of a descriptor. Package
// net keeps the text of it alone, with which that of ENFILE begins as well. By the time one looks there
// may be a descriptor again.
func hidesNoDescriptor(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && strings.Contains(dns.Err, syscall.EMFILE.Error())
}

// lookupConn is a socket of a look-up, counted until it is closed.
type lookupConn struct {
	net.Conn
	permits *permits
	owner   *permit
	stop    func() bool
	once    sync.Once
	err     error
}

func (c *lookupConn) Close() error {
	c.stop()
	c.shut()
	return c.err
}

func (c *lookupConn) shut() {
	c.once.Do(func() {
		c.err = c.Conn.Close()
		c.permits.closed(c.owner)
	})
}

func (c *lookupConn) closeUnlessOpen() {
	if c.Conn == nil {
		c.permits.closed(c.owner)
	}
}

// lookupPacketConn shows package net that the messages need no length in front.
type lookupPacketConn struct {
	*lookupConn
	packets net.PacketConn
}

func (c *lookupPacketConn) ReadFrom(b []byte) (int, net.Addr, error) { return c.packets.ReadFrom(b) }
func (c *lookupPacketConn) WriteTo(b []byte, to net.Addr) (int, error) {
	return c.packets.WriteTo(b, to)
}

var _ net.PacketConn = (*lookupPacketConn)(nil)
