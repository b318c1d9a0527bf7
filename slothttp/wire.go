package slothttp

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// wire is the socket of a link. It counts what goes over it, and says when it is
// closed, which is the one sure sign that the slot's descriptor is gone.
//
// Its counters are read by a goroutine whose request has just failed, after
// net/http has waited for its writer; they are atomic for the reader's sake.
type wire struct {
	net.Conn
	link *link

	written atomic.Int64 // bytes of requests, and below TLS of its records
	read    atomic.Int64
	lost    atomic.Bool // a read or a write failed, and not because of Close
	ending  atomic.Bool // tls.Conn.Close has begun: what follows is an alert
	closed  atomic.Bool

	once sync.Once
	err  error // of Close
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if n > 0 {
		w.read.Add(int64(n))
	}
	if err != nil {
		w.fail(err)
	}
	return n, err
}

func (w *wire) Write(b []byte) (int, error) {
	n, err := w.Conn.Write(b)
	if n > 0 && !w.ending.Load() {
		w.written.Add(int64(n))
	}
	if err != nil {
		w.fail(err)
	}
	return n, err
}

// ReadFrom is for request bodies; the socket may have a way of its own to read.
func (w *wire) ReadFrom(r io.Reader) (int64, error) {
	to, ok := w.Conn.(io.ReaderFrom)
	if !ok {
		return io.Copy(struct{ io.Writer }{w}, r)
	}
	n, err := to.ReadFrom(r)
	w.written.Add(n)
	return n, err
}

func (w *wire) fail(err error) {
	if e, ok := err.(net.Error); ok && e.Timeout() {
		return // a deadline, or a peer that is silent: no word of the server
	}
	if !w.closed.Load() {
		w.lost.Store(true)
	}
}

// alertPatience is how long the Close of a TLS connection whose peer has stopped
// reading may hold up whoever needs its slot. crypto/tls would take 5 s.
const alertPatience = 10 * time.Millisecond

// SetWriteDeadline is called by tls.Conn.Close, after which it lets no other
// write begin, and by nobody else in HTTP/1. HTTP/2 has deadlines of its own.
func (w *wire) SetWriteDeadline(t time.Time) error {
	w.ending.Store(true)
	if !t.IsZero() && (!w.link.shared.Load() || w.link.releasing.Load()) {
		if soon := time.Now().Add(alertPatience); t.After(soon) {
			t = soon
		}
	}
	return w.Conn.SetWriteDeadline(t)
}

// Close closes the socket, once, and then frees the slot.
//
// It may run with net/http's lock of the connection held, so all it may call is
// what never comes back to net/http: link.gone.
func (w *wire) Close() error {
	w.closed.Store(true)
	first := false
	w.once.Do(func() {
		first = true
		w.err = w.Conn.Close()
	})
	if first {
		w.link.gone()
	}
	return w.err
}

// hurry readies the socket for a Close that must not block: with SO_LINGER
// (socket(7)) set, close(2) waits for what was written to be acknowledged.
func (w *wire) hurry() {
	if c, ok := w.Conn.(interface{ SetLinger(sec int) error }); ok {
		_ = c.SetLinger(-1) // the kernel goes on sending by itself
	}
}

// NetConn returns what the dial returned.
func (w *wire) NetConn() net.Conn { return w.Conn }

// SyscallConn is that of what the dial returned, if it has one.
func (w *wire) SyscallConn() (syscall.RawConn, error) {
	if c, ok := w.Conn.(syscall.Conn); ok {
		return c.SyscallConn()
	}
	return nil, syscall.EINVAL
}

// CloseWrite is that of what the dial returned, if it has one. It is for the
// body of a 101.
func (w *wire) CloseWrite() error {
	if c, ok := w.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return errNoCloseWrite
}
