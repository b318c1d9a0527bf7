//go:build linux

package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
)

const (
	dialTimeout  = 700 * time.Millisecond
	nowTimeout   = 10 * time.Second // of a dial of Now or Try, for which no fault is meant
	slowDial     = 250 * time.Millisecond
	dialShare    = 0.3 // of dials that a dial fault strikes
	cancelShare  = 0.5 // of Gets that the cancel fault strikes
	cancelWithin = 5 * time.Millisecond
)

// dialer is the Dialer of one Get. It remembers what it did, to compare with
// what comes out of the Get.
type dialer struct {
	load     *Load
	site     *site
	fault    Faults // that strike this dial
	called   bool
	failure  error // what it returned
	panicked *dialPanic
	shows    bool           // its connections, also where others shall hide their sockets
	exits    *atomic.Uint64 // counts the dials that end their goroutine; may be nil
}

var errDialFault = errors.New("the dialer fails on purpose")

// dialPanic is what a dialer panics with.
type dialPanic struct{ address string }

func (p *dialPanic) Error() string {
	return "the dialer panics on purpose, at the dial of " + p.address
}

// Dial connects, or does what the fault is, and remembers what it returned.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	d.called = true
	timeout := dialTimeout
	if d.shows {
		timeout = nowTimeout
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	conn, err := d.dial(ctx, network, address)
	d.failure = err
	return conn, err
}

// dial connects within ctx, or does what the fault is.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if network != d.site.Network || address != d.site.Target() {
		d.load.Ledger.Fail(check.ForeignAnswer, "dialer of %v asked for %s %s", d.site, network, address)
	}
	switch {
	case d.fault.has(FaultDialPanic):
		d.load.struck(FaultDialPanic)
		d.panicked = &dialPanic{address}
		panic(d.panicked)
	case d.fault.has(FaultDialExit):
		d.load.struck(FaultDialExit)
		if d.exits != nil {
			d.exits.Add(1)
		}
		runtime.Goexit()
	case d.fault.has(FaultDialSlow):
		d.load.struck(FaultDialSlow)
		time.Sleep(slowDial)
	case d.fault.has(FaultDialFail):
		d.load.struck(FaultDialFail)
		conn, _ := d.connect(ctx, network, address) // closing it is the pool's duty
		return conn, fmt.Errorf("%s: %w", address, errDialFault)
	}
	return d.connect(ctx, network, address)
}

func (d *dialer) connect(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Resolver: d.load.Lookups.resolver()}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if !d.site.TLS {
		return d.track(conn), nil
	}
	t := tls.Client(conn, d.load.TLS)
	if err := t.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return d.track(t), nil
}

// closer counts the Close of a connection that the soak dialled.
type closer struct {
	load   *Load
	what   string
	closed atomic.Bool
}

func (c *closer) count() {
	if c.closed.Swap(true) {
		c.load.Ledger.Fail(check.CloseOnce, "connection to %s was closed twice", c.what)
		return
	}
	c.load.Tally.add(CountClosed)
}

// The kinds of connections that the soak's dialers return: a socket, TLS, and
// one that hides its socket, for the injection of stale reuse.
type (
	socketConn struct {
		net.Conn
		raw    syscall.Conn
		closer *closer
	}
	tlsConn struct {
		*tls.Conn
		closer *closer
	}
	opaqueConn struct {
		net.Conn
		raw    syscall.Conn
		closer *closer
	}
)

func (c *socketConn) Close() error { c.closer.count(); return c.Conn.Close() }
func (c *tlsConn) Close() error    { c.closer.count(); return c.Conn.Close() }
func (c *opaqueConn) Close() error { c.closer.count(); return c.Conn.Close() }

func (c *socketConn) SyscallConn() (syscall.RawConn, error) { return c.raw.SyscallConn() }
func (c *opaqueConn) socket() syscall.Conn                  { return c.raw }

// track wraps a connection so that its Close is counted.
func (d *dialer) track(conn net.Conn) net.Conn {
	l := d.load
	l.Tally.add(CountOpened)
	c := &closer{load: l, what: conn.RemoteAddr().String()}
	if t, ok := conn.(*tls.Conn); ok {
		return &tlsConn{t, c}
	}
	socket := conn.(syscall.Conn) // what package net dials is a socket
	if l.inject == check.InjectStaleReuse && !d.shows {
		return &opaqueConn{conn, socket, c}
	}
	return &socketConn{conn, socket, c}
}
