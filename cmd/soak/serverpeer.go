//go:build linux

package main

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Strikes at connections that wait for a request.
const (
	opClose      = "close"
	opReset      = "reset"
	opHalfClose  = "half-close"
	opUnexpected = "unexpected"
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
	frame := make([]byte, maxFrame)
	for p.answer(frame) {
	}
}

// answer reads one frame and sends it back.
func (p *peer) answer(frame []byte) bool {
	p.setIdle(true)
	_, err := io.ReadFull(p.conn, frame[:framePrefix])
	p.setIdle(false)
	if err != nil {
		return false
	}
	n, err := frameLength(frame)
	if err != nil {
		return false
	}
	if p.conn == p.raw && p.listener.unread.strikes() {
		return false // the rest of the frame is unread: the kernel sends a reset
	}
	if _, err := io.ReadFull(p.conn, frame[framePrefix:n]); err != nil {
		return false
	}
	if p.listener.mute.strikes() {
		p.swallow()
		return false
	}
	_, err = p.conn.Write(frame[:n])
	return err == nil
}

// swallow never answers. It reads to notice the end.
func (p *peer) swallow() { _, _ = io.Copy(io.Discard, p.raw) }

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
	case opClose:
		_ = p.conn.Close()
	case opReset:
		if t, ok := p.raw.(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
		_ = p.raw.Close()
	case opHalfClose:
		if h, ok := p.raw.(interface{ CloseWrite() error }); ok {
			return h.CloseWrite() == nil
		}
	case opUnexpected:
		// A pool cannot tell unexpected TLS data from a session ticket.
		if p.conn != p.raw {
			return false
		}
		_ = p.raw.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		_, err := p.raw.Write(unexpectedBytes)
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

func (s *peerSet) strike(c command) uint64 {
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
