package resourcepool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
)

// poolClosed is ErrPoolClosed.
type poolClosed struct{}

func (poolClosed) Error() string        { return "resource pool closed" }
func (poolClosed) Is(target error) bool { return target == net.ErrClosed }

func newWaitError(p *pool, sentinel error, ctx context.Context) *WaitError {
	e := new(WaitError)
	p.waitLock.Lock()
	e.see(p)
	p.waitLock.Unlock()
	return e.because(sentinel, ctx)
}

// see notes how the pool stands. waitLock is held.
func (e *WaitError) see(p *pool) {
	e.Pool, e.Max, e.Waiting = p.name, p.size.total, p.waiting
	e.Taken = min(uint(p.taken()), e.Max)
}

func (e *WaitError) because(sentinel error, ctx context.Context) *WaitError {
	e.Err, e.ctx, e.cause = sentinel, ctx.Err(), context.Cause(ctx)
	return e
}

func (e *WaitError) error() string {
	of := ""
	if e.Pool != "" {
		of = fmt.Sprintf(" of %q", e.Pool)
	}
	text := fmt.Sprintf("%v: %d of %d slots%s taken, %d waiting", e.Err, e.Taken, e.Max, of, e.Waiting)
	if e.cause != nil {
		text += ": " + strings.ReplaceAll(e.cause.Error(), "\n", "; ") // it may be several
	}
	return text
}

func (e *WaitError) timeout() bool {
	return errors.Is(e.ctx, context.DeadlineExceeded) || errors.Is(e.cause, context.DeadlineExceeded)
}

func (e *WaitError) unwrap() []error {
	errs := []error{e.Err}
	if e.ctx != nil {
		errs = append(errs, e.ctx)
	}
	if e.cause != nil && e.cause != e.ctx {
		errs = append(errs, e.cause)
	}
	return errs
}

// withContext is an Allocator for one call of a context verb.
type withContext struct {
	ctx context.Context
	a   Allocator
	ran bool // so the error is that of the allocation, whichever it is

	saw    bool // failed shows how the pool stood when the wait ended
	failed WaitError
}

func (w *withContext) Allocate() error {
	w.ran = true
	if a, ok := w.a.(ContextAllocator); ok {
		return a.AllocateContext(w.ctx)
	}
	return w.a.Allocate()
}

func (r *resource) getContext(ctx context.Context, a Allocator) error {
	if ctx.Err() != nil {
		return newWaitError(r.pool, r.wouldWaitFor(), ctx)
	}
	if r.tryGet() {
		return nil
	}
	with := &withContext{ctx: ctx, a: a}
	err := r.getSlow(ctx.Done(), with)
	switch {
	case with.ran, err != ErrorPutTimeout && err != ErrorResourceLimitExceeded:
		return err
	case with.saw:
		return with.failed.because(err, ctx)
	}
	return newWaitError(r.pool, err, ctx)
}

// wouldWaitFor says what a Get that was over before it began would wait for.
func (r *resource) wouldWaitFor() error {
	switch phaseOf(r.state.W.Load()) {
	case phaseEmpty, phaseSeeking, phaseIdle:
		return ErrorResourceLimitExceeded
	}
	return ErrorPutTimeout
}

// logPanic tells of a panic in a callback that nobody waits for any more: the target if
// it wants to be told, else the log. target may be nil.
func logPanic(target any, callback string, p *panicked) {
	if t, ok := target.(interface {
		PanicUnheard(callback string, value any, stack []byte)
	}); ok {
		t.PanicUnheard(callback, p.value, p.stack)
		return
	}
	slog.Error("resourcepool: panic after its Get had given up",
		"callback", callback, "panic", p.value, "stack", string(p.stack))
}
