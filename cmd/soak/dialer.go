//go:build linux

package main

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
)

const (
	dialTimeout  = 700 * time.Millisecond
	slowDial     = 250 * time.Millisecond
	dialShare    = 0.3 // of dials that a dial fault strikes
	cancelShare  = 0.5 // of Gets that the cancel fault strikes
	cancelWithin = 5 * time.Millisecond
)

// dialer is the Dialer of one Get. It remembers what it did, to compare with
// what comes out of the Get.
type dialer struct {
	load     *load
	site     *site
	fault    faultBits // that strike this dial
	called   bool
	failure  error // what it returned
	panicked any
}

var errDialFault = errors.New("the dialer fails on purpose")

func (d *dialer) Dial(network, address string) (net.Conn, error) {
	d.called = true
	if network != d.site.Network || address != d.site.Address {
		d.load.ledger.fail(checkForeign, "dialer of %v asked for %s %s", d.site, network, address)
	}
	conn, err := d.dial(network, address)
	d.failure = err
	return conn, err
}

func (d *dialer) dial(network, address string) (net.Conn, error) {
	switch {
	case d.fault.has(faultDialPanic):
		d.load.struck(faultDialPanic)
		d.panicked = fmt.Errorf("the dialer panics on purpose, at the dial of %s", address)
		panic(d.panicked)
	case d.fault.has(faultDialExit):
		d.load.struck(faultDialExit)
		runtime.Goexit()
	case d.fault.has(faultDialSlow):
		d.load.struck(faultDialSlow)
		time.Sleep(slowDial)
	case d.fault.has(faultDialFail):
		d.load.struck(faultDialFail)
		conn, _ := d.connect(network, address) // closing it is the pool's duty
		return conn, fmt.Errorf("%s: %w", address, errDialFault)
	}
	return d.connect(network, address)
}

func (d *dialer) connect(network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if !d.site.TLS {
		return d.load.track(conn), nil
	}
	t := tls.Client(conn, d.load.tls)
	if err := t.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return d.load.track(t), nil
}

// closer counts the Close of a connection that the soak dialled.
type closer struct {
	load   *load
	what   string
	closed atomic.Bool
}

func (c *closer) count() {
	if c.closed.Swap(true) {
		c.load.ledger.fail(checkCloseOnce, "connection to %s was closed twice", c.what)
		return
	}
	c.load.tally.add(countClosed)
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
func (l *load) track(conn net.Conn) net.Conn {
	l.tally.add(countOpened)
	c := &closer{load: l, what: conn.RemoteAddr().String()}
	if t, ok := conn.(*tls.Conn); ok {
		return &tlsConn{t, c}
	}
	socket := conn.(syscall.Conn) // what package net dials is a socket
	if l.inject == injectStaleReuse {
		return &opaqueConn{conn, socket, c}
	}
	return &socketConn{conn, socket, c}
}
