package sysnet

import (
	"crypto/tls"
	"net"
	"syscall"
)

// maxUnwrap bounds the walk through NetConn methods, against a loop.
const maxUnwrap = 8

// netConner is how a wrapper, such as tls.Conn, shows what it wraps.
type netConner interface{ NetConn() net.Conn }

// socket is what is known of a connection from the walk to the socket below
// it. raw is nil if there is none to be found.
type socket struct {
	raw     syscall.RawConn
	wrapped bool // there was a wrapper, which may owe the socket a read of its own
	foreign bool // the methods of raw are not those of package net
	oldTLS  bool // one of the wrappers speaks TLS 1.2 or older
}

// socketOf walks to the socket through at most maxUnwrap wrappers.
func socketOf(conn net.Conn) (s socket) {
	for range maxUnwrap {
		if c, ok := conn.(syscall.Conn); ok {
			if raw, err := c.SyscallConn(); err == nil {
				s.raw, s.foreign = raw, !ofNet(conn)
			}
			return s
		}
		c, ok := conn.(netConner)
		if !ok {
			return s
		}
		if t, ok := conn.(*tls.Conn); ok {
			state := t.ConnectionState()
			s.oldTLS = s.oldTLS || state.HandshakeComplete && state.Version < tls.VersionTLS13
		}
		conn, s.wrapped = c.NetConn(), true
	}
	return s
}

// ofNet reports whether conn is a stream of package net itself, whose methods
// are known not to panic and whose Close waits for nobody unless it lingers.
func ofNet(conn net.Conn) bool {
	switch conn.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

// Undoer gives up a connection in the middle of a panic.
type Undoer interface{ Undo() }

// guarded is the RawConn of somebody else, whose Control may panic.
type guarded struct {
	syscall.RawConn
	Undoer
}

// Control is that of the RawConn. Should it panic or call runtime.Goexit, that
// passes through after Undo was called.
func (g guarded) Control(f func(fd uintptr)) error {
	returned := false
	defer func() {
		if !returned {
			g.Undo()
		}
	}()
	err := g.RawConn.Control(f)
	returned = true
	return err
}
