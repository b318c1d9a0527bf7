//go:build linux

package load

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/server"
	"github.com/slotpool/slotpool/cmd/soak/wire"
	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// Inbound is what the soaked process serves itself: a listener of connpool in a pool
// of slots below that of the process. Who calls is in the servers' process.
type Inbound struct {
	load     *Load
	raw      *countedListener
	listener net.Listener
	slots    *resourcepool.Pool
	running  sync.WaitGroup

	accepted, closed, answered atomic.Uint64
}

// CallersFor is how many call at an address when there are so many slots: more
// than may be served at once.
func CallersFor(slots int, address string) server.Callers {
	return server.Callers{Address: address, Number: 2 * int(inboundSlots(uint(slots)))}
}

// inboundSlots is how many of the slots are for what comes in.
func inboundSlots(slots uint) uint { return max(slots/16, 2) }

const (
	inboundSilence  = 3 * time.Second        // after which a caller is given up
	inboundPatience = 300 * time.Millisecond // with one who does not read
)

// countedListener counts the Accepts of a listener: for each, connpool has gotten a slot.
type countedListener struct {
	net.Listener
	slots atomic.Uint64
}

func (l *countedListener) Accept() (net.Conn, error) {
	l.slots.Add(1)
	conn, err := l.Listener.Accept()
	if errors.Is(err, syscall.EMFILE) {
		l.slots.Add(^uint64(0)) // it is tried again with the same slot
	}
	return conn, err
}

// NewInbound listens at an address. Call it after Begin.
func (l *Load) NewInbound(address string) (*Inbound, error) {
	raw, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	limit := l.Pool.Stats().Limit
	in := &Inbound{load: l, raw: &countedListener{Listener: raw}, slots: l.sub(inboundSlots(limit), "soak-inbound")}
	in.listener = connpool.NewListener(in.raw, in.slots)
	return in, nil
}

// Descriptors is how many it has open besides those in slots.
func (in *Inbound) Descriptors() int {
	if in == nil {
		return 0
	}
	return 1
}

// Start serves until End.
func (in *Inbound) Start() {
	in.running.Go(func() {
		for {
			conn, err := in.listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				in.load.Ledger.Fail(check.Inbound, "Accept returned %v", err)
				time.Sleep(10 * time.Millisecond)
				continue
			}
			in.accepted.Add(1)
			in.running.Go(func() { in.serve(conn) })
		}
	})
}

// serve answers requests until the connection ends.
func (in *Inbound) serve(conn net.Conn) {
	defer in.closed.Add(1)
	defer func() { _ = conn.Close() }() // whatever its peer has done
	frame := make([]byte, wire.MaxFrame)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(inboundSilence))
		if _, err := io.ReadFull(conn, frame[:wire.FramePrefix]); err != nil {
			return
		}
		n, err := wire.FrameLength(frame)
		if err != nil {
			in.load.Ledger.Fail(check.Inbound, "a caller's request: %v", err)
			return
		}
		if _, err := io.ReadFull(conn, frame[wire.FramePrefix:n]); err != nil {
			return
		}
		if in.load.inject == check.InjectInbound {
			frame[wire.FrameHeader-1]++
		}
		_ = conn.SetWriteDeadline(time.Now().Add(inboundPatience))
		if _, err := conn.Write(frame[:n]); err != nil {
			return
		}
		in.answered.Add(1)
	}
}

// Check looks at the slots.
func (in *Inbound) Check() {
	s := in.slots.Stats()
	if s.InUse+s.Idle+s.Releasing > s.Limit {
		in.load.Ledger.Fail(check.Inbound, "%d in use, %d idle, %d releasing, of %d", s.InUse, s.Idle, s.Releasing, s.Limit)
	}
}

// End stops the callers, ends the listener and waits for the connections, which
// end by themselves.
func (in *Inbound) End(child *server.Child) {
	l := in.load.Ledger
	answered, wrong := in.callers(child)
	_ = in.listener.Close() // ends Accept, whatever it says
	in.running.Wait()
	if wrong != 0 {
		l.Fail(check.Inbound, "callers got %d wrong answers", wrong)
	}
	if a, c := in.accepted.Load(), in.closed.Load(); a != c {
		l.Fail(check.Inbound, "%d connections were accepted and %d closed", a, c)
	}
	s := in.slots.Stats()
	if s.Gets != in.raw.slots.Load() || s.InUse+s.Idle+s.Releasing+s.Waiting != 0 {
		l.Fail(check.Inbound, "the listener accepted with %d slots, of which %+v is known", in.raw.slots.Load(), s)
	}
	l.Note(check.Inbound, "%d connections accepted, with %d requests; the last callers got %d answers", in.accepted.Load(), in.answered.Load(), answered)
}

func (in *Inbound) callers(child *server.Child) (answered, wrong uint64) {
	for _, o := range []struct {
		op string
		to *uint64
	}{{server.OpCallersStop, new(uint64)}, {server.OpCallersAnswered, &answered}, {server.OpCallersWrong, &wrong}} {
		n, err := child.Order(server.Command{Op: o.op})
		if err != nil {
			in.load.Ledger.Trouble(fmt.Errorf("callers: %w", err))
		}
		*o.to = n
	}
	return answered, wrong
}
