package slothttp

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slotpool/slotpool/resourcepool"
)

// waitError is the error of a request whose context ended while it waited for a
// connection that another request used or opened.
type waitError struct {
	address string // where the connection leads
	ctx     context.Context
}

func (e *waitError) Error() string {
	return "slothttp: waited for a connection to " + e.address + ": " + strings.ReplaceAll(context.Cause(e.ctx).Error(), "\n", "; ")
}

// Timeout and Temporary make it a net.Error, as resourcepool.WaitError is one.
func (e *waitError) Timeout() bool   { return errors.Is(e.ctx.Err(), context.DeadlineExceeded) }
func (e *waitError) Temporary() bool { return true }

func (e *waitError) Unwrap() []error {
	return []error{resourcepool.ErrorPutTimeout, e.ctx.Err(), context.Cause(e.ctx)}
}

// cappedError is a WaitError of a request that waited for another's connection, as
// MaxConnsPerHost, which it names, let it have none of its own.
type cappedError struct {
	*resourcepool.WaitError
	address string
	most    uint
}

func (e *cappedError) Error() string {
	return fmt.Sprintf("slothttp: waited for a connection to %s, MaxConnsPerHost is %d: %v", e.address, e.most, e.WaitError)
}

func (e *cappedError) Unwrap() []error { return []error{e.WaitError} }

// explain makes a cappedError of the error of a Get of the group if it is one.
func (o *origin) explain(err error) error {
	if w, ok := err.(*resourcepool.WaitError); ok && o.state.most != 0 && w.Err == resourcepool.ErrorPutTimeout {
		return &cappedError{w, o.firstHop(), o.state.most}
	}
	return err
}
