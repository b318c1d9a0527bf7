package connpool

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

const frameSize = 64

// peers are echo servers that end connections at random, in all the ways that
// a parked connection can show.
type peers struct {
	addresses []string
	listeners []net.Listener
	mu        sync.Mutex
	open      map[net.Conn]bool // nil once all is over
	wg        sync.WaitGroup
}

func startPeers(t *testing.T, n int) *peers {
	t.Helper()
	p := &peers{open: map[net.Conn]bool{}}
	t.Cleanup(p.stop)
	for i := range n {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.%d.%d:0", 1+i/250, 1+i%250))
		if err != nil {
			t.Fatal(err)
		}
		p.listeners = append(p.listeners, l)
		p.addresses = append(p.addresses, l.Addr().String())
		p.wg.Go(func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				p.serve(conn)
			}
		})
	}
	return p
}

func (p *peers) stop() {
	for _, l := range p.listeners {
		l.Close()
	}
	p.mu.Lock()
	for conn := range p.open {
		conn.Close()
	}
	p.open = nil
	p.mu.Unlock()
	p.wg.Wait()
}

func (p *peers) serve(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		conn.Close()
		return
	}
	p.open[conn] = true
	p.wg.Go(func() {
		echo(conn.(*net.TCPConn))
		conn.Close()
		p.mu.Lock()
		delete(p.open, conn)
		p.mu.Unlock()
	})
}

func echo(conn *net.TCPConn) {
	frame := make([]byte, frameSize, 2*frameSize)
	for {
		if _, err := io.ReadFull(conn, frame); err != nil {
			return
		}
		mood := rand.IntN(100)
		answer := frame
		switch mood {
		case 0: // no answer
			return
		case 1: // half an answer
			_, _ = conn.Write(frame[:frameSize/2])
			return
		case 2: // unexpected data: as it is one segment, it is there with the answer
			answer = append(frame, frame...)
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
		switch mood {
		case 3, 4:
			return
		case 5, 6:
			_ = conn.SetLinger(0)
			return
		case 7, 8:
			_ = conn.CloseWrite()
		}
	}
}
