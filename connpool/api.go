package connpool

import (
	"context"
	"net"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// Dialer makes connections. *net.Dialer and *tls.Dialer are Dialers.
type Dialer interface {
	Dial(network, address string) (net.Conn, error)
}

// GetResourcePool returns the pool of slots that the whole process shares. It is
// named "connections". Other packages may create resources of their own in it, for
// descriptors that this package does not open.
//
// The pool is made by the first call, or by the first use of a ConnResource, or of a Pool
// without Slots. So a program can raise its RLIMIT_NOFILE before that, even if it has
// these in package variables.
//
// Its size is the limit of getrlimit(2) on descriptors, less those that are open
// outside of its slots, less a reserve for the rest of the program.
//
//   - The limit is the soft one. Go raises it to the hard one when a program
//     starts.
//   - The reserve is a sixteenth of the limit, but at least 8 and at most 1024.
//   - There is at least 1 slot, and there are at most 1,048,576, or as many as an
//     explicit SetMax allows.
//   - Where the system tells no limit there are 900 slots.
//
// The size follows the process: a changed limit, and descriptors that other code
// opens and closes. It is looked at when something is allocated in the pool, by
// this function, and while Gets wait for slots. The number of a new descriptor can
// show that more are open than was known; then the pool shrinks at once, by
// eviction. The open descriptors are counted once a second at most, and then the
// pool can grow.
//
// A dial by name needs a second descriptor for a moment: for the look-up, or to try
// two addresses of the name at once. Half of the reserve is for these. If many dial
// by name at once, some wait for that, or use the slots of dials that wait. If the
// kernel has no descriptor after all, idle connections are evicted until it has
// one, and the dial runs again. Such a dial looks for them in its own pool first, and
// then in all pools in which this module has dialled.
func GetResourcePool() *resourcepool.Pool { return globalPool() }

// ConnResource manages one connection to one address. Make it with New. It must not
// be copied. Its methods may be called concurrently.
type ConnResource struct{ c connResource }

// New returns a resource for the address. Network and address are as for net.Dial.
// They are looked at only when dialling, so a bad one is reported by Get. A
// ConnResource costs memory alone: nothing is opened, and one that is never used
// needs no closing.
func New(network, address string) *ConnResource { return newConnResource(network, address) }

// Get returns a connection that is the caller's until Put or Close.
//
// It waits while another user has the connection of this resource, and while all
// slots are in use. Waiting is in order of arrival. It ends when cancelChannel is
// closed or has a message. A nil channel never cancels; a context's Done channel
// fits. The channel is looked at only once Get has to wait: with a slot at hand Get
// succeeds though the context is over. It is not watched while the dial runs.
//
// A parked connection is reused if the kernel calls it alive, as Probe.Alive has
// it. If there is none that is, Get dials. timeout limits that dial; at 0 or less
// only the system does. The dial sets TCP keepalive and TCP_USER_TIMEOUT (tcp(7)),
// so that a peer that is gone is noticed after about a minute. DialerConfig says
// what that means for peers that do not read.
//
// On Linux the parked connections are watched. One whose peer closes or resets it
// is closed at once, and its slot is free. One that is in use then is closed at its
// Put. One epoll instance and one goroutine watch all connections; they are made
// with the first one and stay as long as the process. What is dialled in a
// testing/synctest bubble is not watched.
//
// The error is one of these, and never that of a context:
//
//   - resourcepool.ErrorPutTimeout, if cancelled while another user had the
//     connection
//   - resourcepool.ErrorResourceLimitExceeded, if cancelled while waiting for a
//     slot
//   - resourcepool.ErrPoolClosed, if the pool of GetResourcePool was closed
//   - that of the dial, as the dial returned it
func (cr *ConnResource) Get(cancelChannel <-chan struct{}, timeout time.Duration) (*Conn, error) {
	return cr.c.get(cancelChannel, nil, timeout)
}

// GetContext is Get with a context instead of a channel. A context that is over is
// an error at once, also with a slot free.
//
// A dial is not bound to the Get that began it. It has the values of the context
// but not its end, and takes 30 s at most. If the Get gives up, the dial goes on,
// and the connection serves the next Get or is parked. If the dial fails, all Gets
// with a context that came while it ran have its error.
//
// The error is one of these:
//
//   - If the context ended the wait, errors.Is finds resourcepool.ErrorPutTimeout
//     or ErrorResourceLimitExceeded, the error of the context, and its cause.
//   - If there was no descriptor for the dial, errors.Is finds syscall.EMFILE or
//     ENFILE. The text has the limit and how many are open.
//   - resourcepool.ErrPoolClosed, if the pool of GetResourcePool was closed.
//   - Otherwise it is that of the dial.
func (cr *ConnResource) GetContext(ctx context.Context) (*Conn, error) { return cr.c.getContext(ctx) }

// GetWithDialer is Get with the caller's dialer. No option is set on its
// connections. It is called on the goroutine of the caller, and only if there is no
// connection to reuse. A parked connection is reused whichever dialer made it, so
// use one kind of dialer for a ConnResource. A nil dialer is an error when a dial
// is needed.
//
// A connection that shows no socket, by a SyscallConn or a NetConn method, is taken
// for alive when it is reused.
//
// An evicted connection is closed on the goroutine of the Get that needs the slot,
// so its Close should not block. That of *net.TCPConn, *net.UnixConn, and *tls.Conn
// over one of these does not block: when anybody but their user closes them, a
// linger is cleared first, and TLS ends without its alert. What was written is
// still sent.
func (cr *ConnResource) GetWithDialer(cancelChannel <-chan struct{}, dialer Dialer) (*Conn, error) {
	if dialer == nil {
		dialer = noDialer{}
	}
	return cr.c.get(cancelChannel, dialer, 0)
}

// ScheduleClose closes a parked connection now, and one that is in use at its next
// Put. It does nothing if there is none.
func (cr *ConnResource) ScheduleClose() { cr.c.scheduleClose() }

// Conn is a connection in use, from Get to Put or Close. It must not be copied. The
// embedded net.Conn is what the dialer returned. It is nil once the caller has
// given the connection up, so a Read or Write after Put or Close panics.
//
// Put and Close change the Conn itself, so no other goroutine may be using it then.
// To end a Read of another goroutine, set a deadline or close the embedded
// connection, c.Conn.Close(). Close the Conn when that Read has returned.
//
// Put clears the deadlines that were set by the methods of the Conn. It leaves
// socket options, and deadlines that were set on the embedded connection itself. If
// the next user shall not have them, clear them before Put. A *tls.Conn cannot be
// written to after a write that timed out: Close it.
type Conn struct {
	net.Conn
	link
}

// Close closes the connection and frees its slot. It returns the error of the
// embedded connection's Close, and the same error if called again. After Put it
// does nothing and returns nil, but only until the Conn is handed out again (see
// Put). So do not defer Close in a function that calls Put.
func (c *Conn) Close() error { return c.close() }

// Reused reports whether somebody had the connection before. A reused one needs no
// greeting. A request that fails on it may have met a connection that died while it
// was parked, and may be safe to repeat. Reused is false for the first user, also
// if Warm opened the connection. Only the holder may call it.
func (c *Conn) Reused() bool { return c.of.turn > 1 }

// Put parks the connection for the next Get of its ConnResource, or of its address
// in its Pool. It never waits for another user.
//
// Put only a connection that has nothing outstanding:
//
//   - Bytes that lie unread on a plain connection make the next Get dial anew, on
//     systems where Probe.Alive asks the kernel.
//   - Bytes that arrive later are read by the next user as if they were its own.
//
// After Close, Put does nothing. A second Put panics with "Resource was not
// gotten".
//
// Reuse allocates nothing, so a Conn value is handed out again: at the earliest at
// the second reuse after its Put. From then on an earlier user that still calls its
// methods cannot be told from the holder.
func (c *Conn) Put() { c.put() }
