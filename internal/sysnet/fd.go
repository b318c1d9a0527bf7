package sysnet

import (
	"crypto/tls"
	"net"
	"syscall"
)

// NumberOf returns the descriptor's number of one of package net's own
// connections: others are not asked, as what they do is theirs. It is a number
// for a moment, of something that others may close at any time.
func NumberOf(conn net.Conn) (number uint64, ok bool) {
	var raw syscall.RawConn
	var err error
	switch c := conn.(type) {
	case *net.TCPConn:
		raw, err = c.SyscallConn()
	case *net.UnixConn:
		raw, err = c.SyscallConn()
	case *tls.Conn:
		return NumberOf(c.NetConn())
	default:
		return 0, false
	}
	if err != nil {
		return 0, false
	}
	err = raw.Control(func(fd uintptr) { number = uint64(fd) })
	return number, err == nil
}
