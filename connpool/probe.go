package connpool

import (
	"net"

	"github.com/slotpool/slotpool/internal/sysnet"
)

// Probe asks the kernel whether one parked connection is alive. It is for those who
// keep connections of their own in a resourcepool, whose Checker asks it. The
// connections of this package have one already. Make it with NewProbe.
type Probe struct{ probe *sysnet.Probe }

// NewProbe returns a Probe of conn. It reaches through wrappers that have a NetConn
// method, such as *tls.Conn. It opens nothing, keeps no descriptor, and need not be
// closed.
//
// Make it when the connection has just been made; for TLS right after the
// handshake, before anything is written. From then on the kernel counts bytes, and
// so a session ticket, which may lie unread, can be told from an answer.
func NewProbe(conn net.Conn) *Probe { return &Probe{sysnet.NewProbe(conn)} }

// Alive reports whether the connection may be used again. It is false
//
//   - if it was closed here
//   - if the peer has closed, half-closed or reset it
//   - if bytes lie unread, which the next user would take for an answer
//
// Unread bytes below a wrapper may be the wrapper's own, as a TLS session ticket
// is. They count as that as long as nothing else has come since the handshake. What
// a wrapper has already read and not yet passed on is not seen.
//
// It is true for a connection that shows no socket, by a SyscallConn or a NetConn
// method, and for any connection on a system other than Linux, macOS and the BSDs.
//
// Alive makes one system call as a rule, allocates nothing, reads nothing and never
// waits. Call it while nobody uses the connection, and from one goroutine at a
// time. It panics only if a SyscallConn that is not of package net does.
func (p *Probe) Alive() bool { return p.probe.Alive() }
