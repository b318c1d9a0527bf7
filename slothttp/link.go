package slothttp

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/internal/dialgate"
	"github.com/slotpool/slotpool/resourcepool"
)

// member is what a resource of an origin's group allocates and releases.
type member struct {
	origin *origin
	dialgate.Clock
	link *link // belongs to whoever has the resource; nil if it holds nothing
}

func (m *member) Allocate() error { return m.AllocateContext(context.Background()) }

// AllocateContext opens a connection.
func (m *member) AllocateContext(ctx context.Context) error {
	l := &link{origin: m.origin, clock: &m.Clock}
	m.origin.links.Add(1)
	defer func() {
		if m.link == nil { // failed or panicked
			m.origin.links.Add(-1)
		}
	}()
	if err := m.origin.state.open(ctx, l); err != nil {
		return err
	}
	l.opened.Store(true)
	if l.isClosed() { // the server hung up at once
		return fmt.Errorf("slothttp: new connection to %s: %w", m.origin.address, l.death())
	}
	m.link = l
	if l.foreign != nil {
		l.cc.SetStateHook(l.foreignState)
	}
	if l.shared.Load() {
		l.assume()
	}
	l.startTimers()
	return nil
}

// Release closes the connection. It may run on the goroutine of a request to
// quite another server, which needs the slot.
func (m *member) Release() error {
	l := m.link
	m.link = nil
	l.close()
	m.origin.links.Add(-1)
	return nil
}

// link is one connection, from its dial to its end.
type link struct {
	origin  *origin
	clock   *dialgate.Clock // of the member that it is opened for
	cc      *http.ClientConn
	wire    *wire     // nil if the connection is foreign
	foreign *tls.Conn // of Base's DialTLSContext, which cannot be watched
	secure  bool      // TLS lies between cc and wire
	shared  atomic.Bool

	negotiated string // protocol, by the last handshake; "" for none

	cancel    context.CancelFunc // of its dial; nil once that has ended
	place     int                // in origin.openings, guarded by origin.mu as cancel is
	opened    atomic.Bool
	releasing atomic.Bool
	closed    atomic.Bool // of a foreign connection
	doomed    atomic.Bool // to be released when it is found idle

	// The resource, once somebody got it: what a group opened for one who
	// did not wait any more is parked without ever having been seen.
	resource   atomic.Pointer[resourcepool.Resource]
	generation uint32 // written before resource

	// held says that the resource is in use and that its user knows it. A
	// resource in use that is not held was just gotten: whoever got it
	// shall find in the member what it got, so nobody else may release it.
	mu   sync.Mutex
	held bool

	used     bool // served a request before; belongs to the holder, and of HTTP/2 guarded by origin.mu
	parkedAt atomic.Int64
	timer    *time.Timer // for the idle time-out
	armed    atomic.Bool
	aging    *time.Timer // for the lifetime

	// Of HTTP/2, guarded by origin.mu.
	leases  int
	retired bool        // takes no further request
	assumed int         // what the server's limit seemed to be before it spoke; not guarded
	sure    atomic.Bool // it has spoken; set under origin.mu

	upgrade upgrade // of a foreign connection, guarded by mu
}

// bind makes r, which the caller has just gotten, known to its link.
func bind(r *resourcepool.Resource) *link {
	l := r.Target().(*member).link
	if l.resource.Load() == nil {
		l.generation = r.Generation()
		l.resource.Store(r)
	}
	return l
}

// death is why the connection cannot be used.
func (l *link) death() error {
	if err := l.cc.Err(); err != nil {
		return err
	}
	return net.ErrClosed // net/http has yet to notice
}

func (l *link) isClosed() bool {
	if l.wire != nil {
		return l.wire.closed.Load()
	}
	return l.closed.Load()
}

// hold makes the caller, who got the resource, its known user. It is false if
// the connection was closed meanwhile; then the slot is free.
func (l *link) hold() bool {
	l.mu.Lock()
	l.held = true
	l.mu.Unlock()
	if l.isClosed() { // gone may have found it neither idle nor held
		l.discard()
		return false
	}
	return true
}

// discard releases the resource of a link that the caller holds.
func (l *link) discard() {
	_, _ = l.resource.Load().ReleaseGeneration(l.generation)
}

// park gives the resource back. The caller holds it.
func (l *link) park() {
	if l.origin.state.closeIdle.Load() || l.doomed.Load() {
		l.discard()
		return
	}
	l.mu.Lock()
	closed := l.isClosed()
	l.held = closed // closed, gone may be yet to come: it or discard releases
	l.mu.Unlock()
	if closed {
		l.discard()
		return
	}
	l.rest()
	l.putBack()
}

// putBack is park for a link that is not held.
func (l *link) putBack() {
	r := l.resource.Load()
	l.origin.group.Put(r, l.generation)
	if l.isClosed() { // since, and gone may have found it neither idle nor held
		r.ScheduleGeneration(l.generation)
	}
}

// gone is called once the socket is closed. Unless it is a Release that closed
// it, the slot is still taken, and is given up here, at once: whether it is idle
// or whether a request that is under way will find out by itself.
func (l *link) gone() {
	if l.releasing.Load() {
		return
	}
	r := l.resource.Load()
	if r == nil {
		if l.opened.Load() {
			go l.search()
		}
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held {
		_, _ = r.ReleaseGeneration(l.generation)
	} else {
		r.ScheduleGeneration(l.generation) // in use: hold or putBack will see to it
	}
}

// search releases a link that is closed or doomed and whose resource nobody has
// ever seen. Its group may be about to park it.
func (l *link) search() {
	for wait := time.Millisecond; wait < time.Second; wait *= 2 {
		l.origin.sweep()
		if l.releasing.Load() || l.resource.Load() != nil {
			return
		}
		time.Sleep(wait)
	}
}

// close is the Release of the resource.
func (l *link) close() {
	l.releasing.Store(true)
	for _, t := range []*time.Timer{l.timer, l.aging} {
		if t != nil {
			t.Stop()
		}
	}
	// If the socket is closed this may run below wire.Close, with a lock held
	// that cc.Close takes.
	if !l.isClosed() {
		if l.wire != nil {
			l.wire.hurry()
		}
		_ = l.cc.Close()
	}
	l.closeSocket()
}

// closeSocket closes it, or waits until whoever does has done so.
func (l *link) closeSocket() {
	switch {
	case l.wire != nil:
		_ = l.wire.Close()
	case l.foreign != nil:
		l.closeForeign()
	}
}
