package connpool

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/internal/sysnet"
)

// quietConn is a TCP connection of DialContext that may be evicted while its
// user has it, if it was quiet for long enough.
type quietConn struct {
	tcpConn
	watch quietWatch
}

type quietWatch struct {
	conn    *net.TCPConn
	probe   *sysnet.Probe
	after   time.Duration
	evicted atomic.Bool
	unread  atomic.Bool // something was written since something was read
	hasEnd  atomic.Bool // the user has read the end

	mu sync.Mutex // for one question at a time

	deadlines sync.Mutex
	deadline  time.Time // of the user's writes

	last lastWords
}

// Read notes that an answer has come.
func (c *quietConn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	if n > 0 && c.watch.unread.Load() {
		c.watch.unread.Store(false)
	}
	if err != nil && n == 0 {
		c.watch.hasEnd.Store(err == io.EOF)
		return c.watch.last.read(b, err)
	}
	return n, err
}

// WriteTo is a Read in this respect.
func (c *quietConn) WriteTo(w io.Writer) (int64, error) {
	n, err := c.TCPConn.WriteTo(w)
	if err == nil {
		c.watch.hasEnd.Store(true)
	}
	more, err := c.watch.last.writeTo(w, err)
	return n + more, err
}

// Close is the user's, who reads nothing after it.
func (c *quietConn) Close() error {
	err := c.slot.close()
	c.watch.last.forget() // after that, as nobody takes last words from then on
	return err
}

// Write returns 0 and net.ErrClosed after the connection was evicted.
func (c *quietConn) Write(b []byte) (int, error) {
	c.watch.unread.Store(true)
	n, err := c.TCPConn.Write(b)
	return n, c.watch.errorOf(int64(n), err)
}

// ReadFrom is a Write in this respect.
func (c *quietConn) ReadFrom(r io.Reader) (int64, error) {
	c.watch.unread.Store(true)
	n, err := c.TCPConn.ReadFrom(r)
	return n, c.watch.errorOf(n, err)
}

func (w *quietWatch) errorOf(n int64, err error) error {
	if err != nil && n == 0 && w.evicted.Load() {
		return net.ErrClosed
	}
	return err
}

// SetDeadline is that of net.TCPConn.
func (c *quietConn) SetDeadline(t time.Time) error {
	c.watch.deadlines.Lock()
	defer c.watch.deadlines.Unlock()
	c.watch.deadline = t
	return c.watch.last.errorOf(c.TCPConn.SetDeadline(t))
}

// SetReadDeadline is that of net.TCPConn. Last words can be read without it.
func (c *quietConn) SetReadDeadline(t time.Time) error {
	return c.watch.last.errorOf(c.TCPConn.SetReadDeadline(t))
}

// SetWriteDeadline is that of net.TCPConn.
func (c *quietConn) SetWriteDeadline(t time.Time) error {
	c.watch.deadlines.Lock()
	defer c.watch.deadlines.Unlock()
	c.watch.deadline = t
	return c.TCPConn.SetWriteDeadline(t)
}

// liftedFor is how long a write deadline that is past may be lifted. A Write that
// begins just then has it back after that.
const liftedFor = 10 * time.Millisecond

// liftDeadline takes a write deadline off that is past. What it returns puts it back, unless
// the user has set another.
func (w *quietWatch) liftDeadline() func() {
	w.deadlines.Lock()
	defer w.deadlines.Unlock()
	if w.deadline.IsZero() || time.Now().Before(w.deadline) {
		return func() {}
	}
	_ = w.conn.SetWriteDeadline(time.Time{})
	restore := func() {
		w.deadlines.Lock()
		defer w.deadlines.Unlock()
		_ = w.conn.SetWriteDeadline(w.deadline)
	}
	timer := time.AfterFunc(liftedFor, restore)
	return func() {
		timer.Stop()
		restore()
	}
}

// yield gives the connection up if it is quiet, or if the peer has ended it: from then on
// nobody can write to it, and it is to be released.
//
// Write against eviction: the question is asked a second time, and writing is
// shut down, while this holds the connection's write lock, which every way to
// write through package net takes. A Write that has begun shows in the answer;
// one that begins later finds writing shut down. A write deadline that is past
// would keep the lock from being had, so it is lifted. A Write that has begun since the first
// question may keep the lock for long: it has its deadline, and the user may set another.
func (w *quietWatch) yield() bool {
	if !w.mu.TryLock() {
		return false // somebody else asks
	}
	defer w.mu.Unlock()
	raw, err := w.conn.SyscallConn()
	if err != nil || w.evicted.Load() || !w.isQuiet() && !w.isOver() {
		return false
	}
	defer w.liftDeadline()()
	_ = raw.Write(func(uintptr) bool {
		if w.isQuiet() || w.last.take(w) {
			w.evicted.Store(true)
			_ = w.conn.CloseWrite() // fails only if the peer is gone
		}
		return true
	})
	return w.evicted.Load()
}

func (w *quietWatch) isQuiet() bool { return w.probe.Quiet(w.after, !w.unread.Load()) }

func (w *quietWatch) isOver() bool {
	over, _ := w.ended()
	return over
}

// ended is the probe's Ended, unless the user knows the end. Who keeps the connection after that
// may still write to it: the peer may have ended its half alone, which looks the same.
func (w *quietWatch) ended() (over, broken bool) {
	if w.hasEnd.Load() {
		return false, false
	}
	return w.probe.Ended(w.after, mostLastWords)
}

// quietConns are the connections of a pool that DialContext gave out.
type quietConns struct {
	mu   sync.Mutex
	all  []*slotted
	hand int    // where the next search begins
	stop func() // ends the calls of relieve; nil while there are no calls

	relieving atomic.Bool
}

// watch makes a connection one that may be evicted.
func (q *quietConns) watch(c *tcpConn, after time.Duration) net.Conn {
	qc := &quietConn{tcpConn: *c, watch: quietWatch{conn: c.TCPConn, probe: sysnet.NewProbe(c.TCPConn), after: after}}
	c.slot.quiet = &qc.watch
	return qc
}

func (q *quietConns) add(p *pool, s *slotted) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s.index = len(q.all)
	q.all = append(q.all, s)
	if q.stop == nil && p.settings.EvictQuiet != 0 {
		q.stop = p.slots.OnShortage(p.relieve)
	}
}

func (q *quietConns) remove(s *slotted) {
	q.mu.Lock()
	defer q.mu.Unlock()
	last := len(q.all) - 1
	q.all[s.index] = q.all[last]
	q.all[s.index].index = s.index
	q.all[last] = nil
	q.all = q.all[:last]
	if last == 0 && q.stop != nil {
		q.stop() // nothing of the pool may be kept by its slots
		q.stop = nil
	}
}

func (q *quietConns) len() uint {
	q.mu.Lock()
	defer q.mu.Unlock()
	return uint(len(q.all))
}

// next returns some connections to ask, after those of the last call.
func (q *quietConns) next(n int) (some []*slotted) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for range min(n, len(q.all)) {
		q.hand++
		if q.hand >= len(q.all) {
			q.hand = 0
		}
		some = append(some, q.all[q.hand])
	}
	return some
}

// How often the quiet ones are looked for while somebody waits, and among how
// many each time.
const (
	quietLooks  = 4
	quietSample = 64
)

// relieve evicts quiet connections for as long as somebody waits for a slot. It
// is called when somebody begins to, and when there is a connection to evict
// for those who have begun, on a goroutine of its own; one at a time does it.
//
// Who comes while another does it goes away, and the other may be about to end:
// therefore that one looks once more when it has said that it has ended.
func (p *pool) relieve() {
	for p.needsRelief() && p.quiet.relieving.CompareAndSwap(false, true) {
		for p.needsRelief() {
			if !p.evictQuiet() {
				time.Sleep(max(p.settings.EvictQuiet/quietLooks, leastTick))
			}
		}
		p.quiet.relieving.Store(false)
	}
}

func (p *pool) needsRelief() bool { return p.quiet.len() > 0 && p.slots.SlotWaiters() > 0 }

// evictedQuiet counts and tells of a connection of DialContext that was evicted.
func (p *pool) evictedQuiet(from place) {
	p.counts.closed(ClosedEvicted, 1)
	p.journal.closed(from, ClosedEvicted)
	p.settings.closed(from.network, from.address, ClosedEvicted)
}

// evictQuiet frees the slot of one quiet connection, if it finds one.
func (p *pool) evictQuiet() bool {
	for _, s := range p.quiet.next(quietSample) {
		if s.quiet != nil && s.quiet.yield() {
			if s.evict() {
				p.evictedQuiet(s.at)
			}
			return true
		}
	}
	return false
}
