package connpool

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// ErrTooManyWaiting is the error of a Get that would have to wait while as many
// wait as Pool.MaxWaiting allows.
var ErrTooManyWaiting = errors.New("as many Gets wait as MaxWaiting allows")

// ErrClosed is the error of a Get of a closed Pool. errors.Is finds net.ErrClosed
// in it.
var ErrClosed error = closedError{}

type closedError struct{}

func (closedError) Error() string        { return "the pool is closed" }
func (closedError) Is(target error) bool { return target == net.ErrClosed }

// GetError is the error of Get, Do, DialContext and Warm of a Pool. errors.Is and
// errors.As look into Err, which is one of these:
//
//   - the error of the dial, as DialFunc returned it, or if DialTimeout ended the
//     dial one that wraps it and names DialTimeout
//   - a *resourcepool.WaitError, or the error and the cause of the context
//   - a *BackoffError, ErrTooManyWaiting or ErrClosed
//   - resourcepool.ErrPoolClosed, if the pool of slots is closed
type GetError struct {
	Network, Address string
	Err              error

	// Open is how many connections to the address the Pool had. LastDial is the error of
	// the last dial of it; nil if that succeeded or none is known. They tell why a wait
	// ended without a connection.
	Open     int
	LastDial error

	limit string // of the Pool that was met, with its value; "" for none
}

// Error says in one line what happened, for which address, and which limit was met.
func (e *GetError) Error() string {
	var b strings.Builder
	b.WriteString("connpool: ")
	text := e.Err.Error()
	if !strings.Contains(text, e.Address) || e.Address == "" {
		fmt.Fprintf(&b, "%s %q: ", e.Network, e.Address)
	}
	b.WriteString(strings.TrimPrefix(text, "connpool: "))
	switch {
	case e.Open == 1:
		b.WriteString(" (1 connection to it is open)")
	case e.Open > 0:
		fmt.Fprintf(&b, " (%d connections to it are open)", e.Open)
	}
	if e.limit != "" {
		fmt.Fprintf(&b, " (%s)", e.limit)
	}
	if e.LastDial != nil {
		fmt.Fprintf(&b, " (the last dial failed: %v)", e.LastDial)
	}
	return inOneLine(b.String())
}

// Unwrap returns Err.
func (e *GetError) Unwrap() error { return e.Err }

// Timeout reports whether a deadline or a timeout, of the Get or of its dial, was
// the reason.
func (e *GetError) Timeout() bool { return timedOut(e.Err) }

// Temporary is Timeout. It is part of net.Error.
func (e *GetError) Temporary() bool { return e.Timeout() }

var _ net.Error = (*GetError)(nil)
