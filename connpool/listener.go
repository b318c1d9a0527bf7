package connpool

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// listener is what NewListener returns.
type listener struct {
	net.Listener
	slots func() *resourcepool.Pool

	mu     sync.Mutex
	closed bool
	waits  set[*getting] // the Accepts that are under way
}

func newListener(l net.Listener, slots *resourcepool.Pool) *listener {
	if slots == nil {
		return &listener{Listener: l, slots: GetResourcePool} // no sooner than needed
	}
	return &listener{Listener: l, slots: func() *resourcepool.Pool { return slots }}
}

// Accept takes a slot, and then a connection.
func (l *listener) Accept() (net.Conn, error) {
	ctx, end, err := l.begin()
	if err != nil {
		return nil, err
	}
	defer end()
	s := newSlotted(l.slots(), l.Addr().String())
	if err := s.resource.GetContext(ctx); err != nil {
		if ctx.Err() != nil {
			err = l.errClosed()
		}
		return nil, err
	}
	accepted := false
	defer func() {
		if !accepted {
			_ = s.resource.Release()
		}
	}()
	if s.inner, err = l.accept(ctx); err != nil {
		return nil, err
	}
	accepted = true
	return wrap(s), nil
}

// begin makes an Accept known to Close.
func (l *listener) begin() (context.Context, func(), error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil, l.errClosed()
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	g := &getting{cancel}
	l.waits.add(g)
	return ctx, func() {
		l.mu.Lock()
		l.waits.remove(g)
		l.mu.Unlock()
		cancel(nil)
	}, nil
}

// The pauses after an Accept that found no descriptor.
const (
	firstPause = time.Millisecond
	lastPause  = 100 * time.Millisecond
)

// accept tries again when there is no descriptor: with that of an idle
// connection of any pool, as inbound ones are never idle, or when somebody else has
// closed one.
func (l *listener) accept(ctx context.Context) (net.Conn, error) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		conn, err := l.Listener.Accept()
		if err == nil || !outOfDescriptors(err) {
			return conn, err
		}
		if theGate.relief.evictOne(l.slots()) {
			continue
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, l.errClosed()
		}
	}
}

func outOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// Close ends the Accepts that are under way.
func (l *listener) Close() error {
	l.mu.Lock()
	l.closed = true
	for _, g := range l.waits {
		g.cancel(net.ErrClosed)
	}
	l.mu.Unlock()
	return l.Listener.Close()
}

func (l *listener) errClosed() error {
	return &net.OpError{Op: "accept", Net: l.Addr().Network(), Addr: l.Addr(), Err: net.ErrClosed}
}
