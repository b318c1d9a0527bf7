//go:build linux

package server

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/wire"
)

// Strikes at connections that wait for a request.
const (
	OpClose      = "close"
	OpReset      = "reset"
	OpHalfClose  = "half-close"
	OpUnexpected = "unexpected"
)

// peer is one connection of the server.
type peer struct {
	listener *listener
	raw      net.Conn // the socket
	conn     net.Conn // raw, or TLS over it

	lock sync.Mutex
	idle bool // waits for the first byte of a request
}

// serve answers requests until the connection ends.
func (p *peer) serve() {
	defer p.raw.Close()
	defer p.listener.server.peers.remove(p)
	p.listener.server.peers.add(p)
	if p.listener.mute.strikes() {
		p.swallow()
		return
	}
	if t, ok := p.conn.(*tls.Conn); ok {
		if t.Handshake() != nil {
			return
		}
	}
	frame := make([]byte, wire.MaxFrame)
	for p.answer(frame) {
	}
}

// answer reads one request and sends it back.
func (p *peer) answer(frame []byte) bool {
	p.setIdle(true)
	_, err := io.ReadFull(p.conn, frame[:wire.FramePrefix])
	p.setIdle(false)
	if err != nil {
		return false
	}
	if isHTTP(frame) {
		return p.answerHTTP(frame)
	}
	n, err := wire.FrameLength(frame)
	if err != nil {
		return false
	}
	if !p.reads(func() error { _, err := io.ReadFull(p.conn, frame[wire.FramePrefix:n]); return err }) {
		return false
	}
	_, err = p.conn.Write(frame[:n])
	return err == nil
}

// reads reads the rest of a request by read, and reports whether it is to be
// answered.
func (p *peer) reads(read func() error) bool {
	if p.conn == p.raw && p.listener.unread.strikes() {
		return false // the rest of the request is unread: the kernel sends a reset
	}
	if p.listener.deaf.strikes() {
		p.ignore()
		return false
	}
	if read() != nil {
		return false
	}
	if p.listener.mute.strikes() {
		p.swallow()
		return false
	}
	return true
}

// swallow never answers. It reads to notice the end.
func (p *peer) swallow() { _, _ = io.Copy(io.Discard, p.raw) }

// ignore neither reads nor closes until the state is over, whatever the other
// side does: what it writes fills the buffers of both.
func (p *peer) ignore() {
	for p.listener.deaf.on.Load() {
		time.Sleep(20 * time.Millisecond)
	}
}

func (p *peer) setIdle(idle bool) {
	p.lock.Lock()
	p.idle = idle
	p.lock.Unlock()
}

// strike does to an idle connection what op says. The lock keeps the answer
// to a request that arrives meanwhile behind it.
func (p *peer) strike(op string) bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	if !p.idle {
		return false
	}
	switch op {
	case OpClose:
		_ = p.conn.Close()
	case OpReset:
		if t, ok := p.raw.(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
		_ = p.raw.Close()
	case OpHalfClose:
		if h, ok := p.raw.(interface{ CloseWrite() error }); ok {
			return h.CloseWrite() == nil
		}
	case OpUnexpected:
		// A pool cannot tell unexpected TLS data from a session ticket.
		if p.conn != p.raw {
			return false
		}
		_ = p.raw.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		_, err := p.raw.Write(wire.UnexpectedBytes)
		_ = p.raw.SetWriteDeadline(time.Time{})
		return err == nil
	}
	return true
}

// peerSet is all connections of the server.
type peerSet struct {
	lock  sync.Mutex
	peers map[*peer]int
	seen  atomic.Int64
}

func (s *peerSet) add(p *peer) {
	number := int(s.seen.Add(1))
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.peers == nil {
		s.peers = make(map[*peer]int)
	}
	s.peers[p] = number
}

func (s *peerSet) remove(p *peer) {
	s.lock.Lock()
	defer s.lock.Unlock()
	delete(s.peers, p)
}

func (s *peerSet) len() int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return len(s.peers)
}

func (s *peerSet) strike(c Command) uint64 {
	s.lock.Lock()
	var targets []*peer
	for p, number := range s.peers {
		if chosen(c, number) {
			targets = append(targets, p)
		}
	}
	s.lock.Unlock()
	var n uint64
	for _, p := range targets {
		if p.strike(c.Op) {
			n++
		}
	}
	return n
}
