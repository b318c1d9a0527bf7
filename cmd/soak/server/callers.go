//go:build linux

package server

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/wire"
)

// Orders about the callers. The last two answer with a number.
const (
	OpCallersStop     = "callers-stop"     // and wait until they have
	OpCallersAnswered = "callers-answered" // requests that were answered rightly
	OpCallersWrong    = "callers-wrong"    // requests whose answer was another's or corrupt
)

// Callers are what calls the soaked process from outside.
type Callers struct {
	Address string `json:"address"`
	Number  int    `json:"number"`
}

const (
	callTimeout = 2 * time.Second        // of a dial, and of an answer
	callPause   = 800 * time.Millisecond // at most, between two connections
	callHold    = 150 * time.Millisecond // at most, before each request
	callSilence = 2 * time.Second        // at most, without a word
	callFrame   = 4096                   // the largest request
)

// callers talk to the soaked process, each over one connection after the other, and end
// them in all ways there are.
type callers struct {
	Callers
	stopped         chan struct{}
	running         sync.WaitGroup
	answered, wrong atomic.Uint64
}

func startCallers(c Callers) *callers {
	all := &callers{Callers: c, stopped: make(chan struct{})}
	for id := range c.Number {
		all.running.Go(func() { all.run(id) })
	}
	return all
}

// obey carries out an order about the callers.
func (c *callers) obey(op string) (uint64, error) {
	if c == nil {
		return 0, errors.New("there are no callers")
	}
	switch op {
	case OpCallersAnswered:
		return c.answered.Load(), nil
	case OpCallersWrong:
		return c.wrong.Load(), nil
	}
	select {
	case <-c.stopped:
	default:
		close(c.stopped)
	}
	c.running.Wait()
	return 0, nil
}

func (c *callers) run(id int) {
	rnd := rand.New(rand.NewPCG(uint64(id), uint64(time.Now().UnixNano())))
	for n := uint64(0); c.pause(rnd, callPause); n++ {
		conn, err := net.DialTimeout("tcp", c.Address, callTimeout)
		if err != nil {
			continue // nobody listens yet, or there is no slot and the backlog is full
		}
		c.call(conn.(*net.TCPConn), rnd, uint32(id), n<<8)
		_ = conn.Close() // if it is not yet
	}
}

// pause waits for up to most, and is false when the callers shall stop.
func (c *callers) pause(rnd *rand.Rand, most time.Duration) bool {
	select {
	case <-c.stopped:
		return false
	case <-time.After(rand.N(most)):
		return true
	}
}

// call makes a few requests and ends the connection.
func (c *callers) call(conn *net.TCPConn, rnd *rand.Rand, id uint32, first uint64) {
	request, answer := make([]byte, callFrame), make([]byte, callFrame)
	for i := range 1 + rnd.Uint64N(4) {
		if !c.pause(rnd, callHold) {
			return
		}
		n := wire.FrameHeader + rnd.IntN(callFrame-wire.FrameHeader)
		wire.FillFrame(request[:n], id, 0, first+i)
		_ = conn.SetDeadline(time.Now().Add(callTimeout)) // a dead connection shows below
		err := wire.Exchange(conn, request[:n], answer[:n])
		switch {
		case err == nil:
			c.answered.Add(1)
		case errors.Is(err, os.ErrDeadlineExceeded) || isNetError(err):
			return
		default:
			c.wrong.Add(1)
			return
		}
	}
	c.end(conn, rnd, request)
}

// isNetError tells a connection that broke from an answer that is wrong.
func isNetError(err error) bool {
	var n *net.OpError
	return errors.As(err, &n) || err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF)
}

// end ends a connection as a stranger may.
func (c *callers) end(conn *net.TCPConn, rnd *rand.Rand, request []byte) {
	switch rnd.IntN(6) {
	case 0: // a reset
		_ = conn.SetLinger(0)
	case 1: // half a close, and waiting for the other half
		_ = conn.CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
	case 2: // without a word
		c.pause(rnd, callSilence)
	case 3: // in the middle of a request
		_, _ = conn.Write(request[:wire.FrameHeader/2])
	case 4: // without reading the answers, until nothing fits any more
		_ = conn.SetReadBuffer(callFrame) // soon full, or else these were most of all requests
		_ = conn.SetWriteBuffer(callFrame)
		_ = conn.SetWriteDeadline(time.Now().Add(callHold))
		wire.FillFrame(request, 0, 0, 0)
		for {
			if _, err := conn.Write(request); err != nil {
				return
			}
		}
	}
}
