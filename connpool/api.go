// Package connpool keeps connections to very many addresses within one limit
// on open descriptors. Make a ConnResource for each address, any number of
// them. Get dials, or reuses the connection that an earlier user parked with
// Put; a parked connection stays open until it is reused, or until the slot it
// holds is needed for another address.
//
// All ConnResources share one pool of slots, GetResourcePool, whose size comes
// from the limit on open descriptors of the process.
//
// Functions and the methods of ConnResource may be called concurrently. A Conn
// belongs to the one goroutine, or group of goroutines, that got it, from Get
// to Put or Close.
package connpool

import (
	"net"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// Dialer makes connections. *net.Dialer and *tls.Dialer are Dialers.
type Dialer interface {
	Dial(network, address string) (net.Conn, error)
}

// GetResourcePool returns the pool whose slots all connections share. Other
// packages may create resources of their own in it, for descriptors that this
// package does not open. It is made by the first call, or by the first Get of
// any ConnResource, so a program can raise its RLIMIT_NOFILE before that, even
// with ConnResources in package variables. The pool is named "connections".
//
// It has as many slots as getrlimit(2) allows descriptors, less those that are
// open already and a reserve for the rest of the program (a sixteenth of the
// limit, 8 at the least and 1024 at the most); but never under 1, and never
// over 1,048,576. Where the system tells no limit, it has 900. The limit is the
// soft one, which Go raises to the hard one when a program starts.
//
// A slot stands for the connection that comes of it. While a name is looked up
// or several of its addresses are tried a dial has more descriptors open, for
// which the reserve is there too.
func GetResourcePool() *resourcepool.Pool { return globalPool() }

// ConnResource manages one connection to one address. Make it with New; it
// must not be copied.
type ConnResource struct{ c connResource }

// New returns a resource for the address. Network and address are as for
// net.Dial, and looked at only when dialling. It costs memory alone: nothing
// is opened, and there is nothing to close if it is never used. A network or
// an address that makes no sense is reported by Get.
func New(network, address string) *ConnResource { return newConnResource(network, address) }

// Get returns a connection that is the caller's until Put or Close. It waits
// while another user has this resource's connection, and while all slots are
// in use, until cancelChannel is closed or has a message; a nil channel never
// cancels, and a context's Done channel fits. The channel is looked at only
// once Get has to wait: with a slot at hand Get succeeds though the context is
// done, and it is not watched while dialling. Waiting is in order of arrival.
//
// A parked connection is reused if, on Linux, the kernel still calls it alive.
// If it does not, or there is none, Get dials, with TCP keepalive and
// TCP_USER_TIMEOUT (tcp(7)) set so that a peer that went away is noticed after
// about a minute. timeout limits that dial; at 0 or less, the system does.
//
// The error is resourcepool.ErrorPutTimeout if cancelled while another had the
// connection, resourcepool.ErrorResourceLimitExceeded if cancelled while
// waiting for a slot, and otherwise that of the dial, as it was returned; it is
// never that of a context.
func (cr *ConnResource) Get(cancelChannel <-chan struct{}, timeout time.Duration) (*Conn, error) {
	return cr.c.get(cancelChannel, nil, timeout)
}

// GetWithDialer is Get with the caller's dialer, whose connection is used as
// it comes: no option is set on it. It is asked for a connection on the
// caller's goroutine, and only if there is none to reuse, whichever dialer
// that one came from: use one kind of dialer for a ConnResource.
//
// A connection that shows no socket, by a SyscallConn or a NetConn method, is
// taken for alive when it is reused. Its Close may be called on the goroutine
// of a Get for another address, which needs its slot, and so should not block.
func (cr *ConnResource) GetWithDialer(cancelChannel <-chan struct{}, dialer Dialer) (*Conn, error) {
	if dialer == nil {
		dialer = noDialer{}
	}
	return cr.c.get(cancelChannel, dialer, 0)
}

// ScheduleClose closes a parked connection now and one that is in use at its
// next Put.
func (cr *ConnResource) ScheduleClose() { cr.c.scheduleClose() }

// Conn is a connection in use, made by Get; it must not be copied. The
// embedded net.Conn is what the dialer returned, and nil once the caller has
// given it up: using a Conn after Put or Close panics.
//
// Put and Close change the Conn itself, so no other goroutine may be using it
// by then. To end a Read of another goroutine, close the embedded connection,
// c.Conn.Close(), or set a deadline; then Close the Conn when it has returned.
//
// Deadlines and socket options stay on the connection when it is parked:
// whoever sets some that the next user shall not have clears them before Put.
type Conn struct {
	net.Conn
	link
}

// Close closes the connection and frees its slot. It returns the error of the
// dialer's connection, and the same again if called again. After Put it does
// nothing and returns nil, until the Conn is handed out again (see Put); so do
// not defer Close in a function that Puts.
func (c *Conn) Close() error { return c.close() }

// Put parks the connection for the next Get of its ConnResource. Put only one
// that has nothing outstanding: on Linux, bytes that wait unread on a plain
// connection make the next Get dial anew, and bytes that arrive later are read
// by the next user as their own.
//
// After Close it does nothing, whoever has the resource by then. A second Put
// panics with "Resource was not gotten".
//
// As reuse allocates nothing, a Conn is handed out again, at the earliest at
// the second reuse after its Put. From then on its earlier user, who must not
// touch it, can no longer be told from the later one.
func (c *Conn) Put() { c.put() }
