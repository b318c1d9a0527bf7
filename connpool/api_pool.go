package connpool

import (
	"context"
	"iter"
	"log/slog"
	"net"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// Pool gives out connections to any number of addresses, several to each if need
// be, and parks them between uses. Its zero value is ready for use. All its methods
// may be called concurrently. It must not be copied.
//
// Every open connection holds one slot of Slots, which other Pools and
// ConnResources may share. When a slot is needed and none is free, a parked
// connection of any of them is evicted. An address costs memory only while it has
// connections, users, or a failed dial to remember.
//
// The fields are read at the first use of a method; a later change has no effect. A
// bad value, such as a negative time, is an error of every method that returns
// errors, until it is mended. The error names the field and the value. What is said
// of Get holds for Do too.
type Pool struct {
	// Slots is the pool of slots. nil: GetResourcePool().
	Slots *resourcepool.Pool

	// DialFunc makes a connection. nil: as ConnResource.Get dials, with its keepalive.
	//
	// The context has the values of the context of the Get that led to the dial. It ends
	// after DialTimeout, and not with that Get. If others need slots it may end after 2 s,
	// when many dials take that long. The dial is then begun again once, when there is room
	// for slow ones, and has DialTimeout from then on. No Get fails for that, but one whose
	// context ends first. A panic passes through the Get if that still waits; else it is logged.
	DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

	// DialTimeout limits one dial, with all that DialFunc does in it, such as a
	// handshake. DialContext waits no longer than this for a slot, either. A dial may be
	// ended sooner: see DialFunc. 0: 30 s.
	DialTimeout time.Duration

	// MaxPerAddress is how many connections to one address there may be. Those of
	// DialContext do not count. 0: no limit but the slots.
	MaxPerAddress int

	// MaxWaiting is how many Gets may wait at once, for a slot or for another Get's
	// connection. One more fails at once with ErrTooManyWaiting. A Get that has begun to
	// wait is never refused later. 0: no limit.
	//
	// These do not count: a Get for which a dial runs, a Get that replaces a dead
	// connection, and DialContext. See resourcepool.WaitLimit.
	MaxWaiting int

	// IdleTimeout is how long a connection may be parked. It is closed at some time
	// between IdleTimeout and a quarter more. 0: no limit.
	IdleTimeout time.Duration

	// MaxLifetime is how long a connection may be open. It is shortened by up to a
	// tenth, at random for each connection, so that connections made together do not end
	// together. One in use is closed at its Put. 0: no limit.
	MaxLifetime time.Duration

	// Check is asked before a connection is reused, after the kernel called it alive. It
	// runs on the goroutine of the Get, with its context; for TryGet the context never
	// ends. nil: only the kernel is asked.
	//
	//   - nil: the connection is handed out.
	//   - an error: the connection is replaced.
	//   - a panic: the connection is closed, and the panic passes through.
	Check func(ctx context.Context, c net.Conn) error

	// Reset makes a connection ready for its next user. It is called after each Put, on
	// a goroutine of its own, so that Put does not wait. Until it returns, the
	// connection is in use. nil: there is nothing to do.
	//
	//   - nil: the connection is parked.
	//   - an error: it is closed.
	//   - a panic: it is closed, and the panic is logged.
	//   - 1 s has passed, when its context ends: it is closed, whatever Reset does.
	Reset func(ctx context.Context, c net.Conn) error

	// Backoff says when an address may be dialled again after a failed dial. nil: every
	// Get may dial.
	Backoff *Backoff

	// EvictQuiet lets a TCP connection that DialContext gave out be closed when somebody
	// waits for a slot and no idle connection can be had. 0: never. It works on Linux
	// alone. The kernel must say that
	//
	//   - nothing was sent or received on it for this long,
	//   - the last bytes came from the peer, so that no answer is due, and
	//   - nothing is queued in either direction.
	//
	// A connection that the peer has closed or reset may be closed too, if it was quiet
	// for as long: no answer is due. Up to 4 KiB that lie unread then are kept, and Read
	// returns them and after them io.EOF, or net.ErrClosed if it was reset. A peer that has
	// closed its half alone looks the same. So once Read has returned io.EOF, or WriteTo nil,
	// the connection stays: who keeps it then may still write.
	//
	// A Write that begins later returns 0 and net.ErrClosed. What is closed so counts as
	// ClosedEvicted in Stats and RecentCloses of this Pool. Leave it 0 where messages
	// may come at any time, as in a subscription.
	//
	// Some reads and writes are seen by the kernel alone: writes by net.Buffers and
	// SyscallConn, and reads by WriteTo. The kernel's clock has ticks of some
	// milliseconds, so it cannot tell which of a request and an answer within one tick
	// came first. Such a write after the eviction has the system's error, such as EPIPE,
	// and not net.ErrClosed.
	EvictQuiet time.Duration

	// HoldWarning is how long a connection may be held before that is logged, with the
	// stack of the Get. If it comes back later, that is logged too. Both go at level
	// error to Logger, or to slog.Default without one. 0: no warning and no stacks.
	//
	// With it, PoolTimes.Hold is counted, and the stacks of all holders are in the
	// profile slotpool.holders of runtime/pprof. Each Get then costs what a stack costs.
	// A connection of DialContext is in none of these.
	HoldWarning time.Duration

	// Trace has functions that are told what happens. nil: none.
	Trace *Trace

	// Logger gets a line at level debug for each connection that is closed and each dial
	// that fails. At level error it also gets panics of hooks, panics of dials and closes
	// that no Get waits for any more, and what HoldWarning asks for. nil: these errors go
	// to slog.Default, and nothing else is logged.
	Logger *slog.Logger

	body poolBody
}

// Get returns a connection that is the caller's until Put or Close. Network and
// address are as for net.Dial.
//
// It takes the newest idle connection to the address, if the kernel and Check call
// it alive. Otherwise it waits for whichever comes first: a connection that another
// user puts back, or one that is dialled for it. It dials if MaxPerAddress allows,
// as soon as there is a slot. Gets of one address are served in order of arrival.
//
// A dial is not bound to the Get that began it. It goes on when the Get gives up,
// and the connection serves the next Get or is parked. At most one such dial of an
// address is left running.
//
// The error is a *GetError, or for a bad field of the Pool an error that names it.
//
//   - A context that is over makes Get fail at once.
//   - If the context ends while Get waits, errors.Is finds ctx.Err(), its cause,
//     and resourcepool.ErrorPutTimeout or ErrorResourceLimitExceeded.
//   - If a dial fails, every Get that waited for that dial has its error.
func (p *Pool) Get(ctx context.Context, network, address string) (*Conn, error) {
	return p.get(ctx, network, address)
}

// TryGet returns an idle connection to the address that is alive, or false. It does
// not dial, and waits only if Check does. Idle connections that it finds dead it
// closes.
func (p *Pool) TryGet(network, address string) (*Conn, bool) { return p.tryGet(network, address) }

// Do gets a connection and calls f with it. f must not keep the Conn.
//
// ctx ends the Get, and not f. Set deadlines in f, by the methods of the Conn: they
// are cleared before its next user has the connection.
//
//   - f returns nil: the connection is put.
//   - f returns an error: the connection is closed, and Do returns that error.
//   - f panics: the connection is closed, and the panic passes through.
//   - f has put or closed the Conn itself: nothing more is done. So an error of the
//     application need not cost the connection.
func (p *Pool) Do(ctx context.Context, network, address string, f func(*Conn) error) error {
	return p.do(ctx, network, address, f)
}

// DialContext dials and returns a connection that holds a slot until its Close. It
// is the caller's alone: it is never parked and never handed to anybody else. It is
// meant as the dial function of clients that have a pool of their own.
//
// DialTimeout limits the wait for a slot, and then the dial, besides what the
// context says: some clients pass a context that never ends. Backoff and the dial
// hooks of Trace apply. MaxPerAddress and the other hooks do not.
//
// If DialFunc returned a *net.TCPConn, *net.UnixConn or *net.UDPConn, the
// connection embeds it and so has its methods. Any other has NetConn, which returns
// what DialFunc returned, and SyscallConn if that had it.
//
// Some clients dial a second connection to be done with the first, for example to
// cancel a query. Such a client can wait for a slot that it holds itself. Have more
// slots than such clients may hold, and see EvictQuiet.
func (p *Pool) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return p.dialContext(ctx, network, address)
}

// Warm sees to it that n connections to the address can be had without a dial. It
// looks at those that are idle, and dials what is missing. It is meant for the
// start of a program, before there are users: connections in use do not count.
//
// It never waits for a slot and never evicts. It fails with
// resourcepool.ErrorResourceLimitExceeded if no slot is free, if somebody waits for
// one, or if MaxPerAddress connections are open. An n that is negative or above
// MaxPerAddress is an error at once. Its dials end with ctx. What it opened stays
// parked, or serves a Get that waits, also if Warm fails.
//
// It is of no use if the server speaks first, unless DialFunc reads that greeting:
// a parked connection with unread bytes counts as dead.
func (p *Pool) Warm(ctx context.Context, network, address string, n int) error {
	return p.warm(ctx, network, address, n)
}

// CloseIdle closes the connections to one address: parked ones now, those in use at
// their Put. Those of DialContext are left alone.
func (p *Pool) CloseIdle(network, address string) {
	if s, err := p.start(); err == nil {
		s.closeHost(network, address)
	}
}

// CloseIdleConnections closes all parked connections.
func (p *Pool) CloseIdleConnections() {
	if s, err := p.start(); err == nil {
		s.closeIdleConnections()
	}
}

// Shutdown closes what is parked and waits until every connection was put or
// closed, those of DialContext included. Gets that have begun go on. Gets that
// begin later fail with ErrClosed, and dials for which nobody waits are cancelled.
// The slot of the last connection is free a moment after that is closed.
//
// If ctx ends first, the error says how many are left, and errors.Is finds ctx.Err()
// and the cause of ctx in it; the Pool stays closed to new Gets.
// The slots are not closed, as others may share them.
func (p *Pool) Shutdown(ctx context.Context) error {
	s, err := p.start()
	if err != nil {
		return err
	}
	return s.shutdown(ctx)
}

// Close is Shutdown that does not wait. Gets that wait fail with ErrClosed, and all
// dials are cancelled. Connections in use stay with their users and are closed at
// their Put. It may be called again, and after Shutdown. The error is nil but for a
// bad field of the Pool.
func (p *Pool) Close() error {
	s, err := p.start()
	if err != nil {
		return err
	}
	s.close()
	return nil
}

// Stats returns the figures, all zero for a Pool with a bad field. It visits every
// open connection, and lets others run meanwhile. A million of them take some tenths of a
// second.
func (p *Pool) Stats() PoolStats {
	s, err := p.start()
	if err != nil {
		return PoolStats{}
	}
	return s.stats()
}

// Holders yields the users of connections of Get, TryGet and Do, in no order. No
// lock is held while the body of the loop runs, so a user may be done by then.
func (p *Pool) Holders() iter.Seq[Holder] {
	return func(yield func(Holder) bool) {
		if s, err := p.start(); err == nil {
			s.holders(yield)
		}
	}
}
