package testkit

import "context"

// NewDeadline returns a context whose deadline is past once pass is called, and no clock
// has a say in it. So a test can see to it that whoever is to be late waits by then: in a
// busy machine's 20 ms a request may not even have begun.
func NewDeadline(parent context.Context) (ctx context.Context, pass func(cause error)) {
	within, cancel := context.WithCancelCause(parent) // where context.Cause finds the cause
	d := &deadline{within, make(chan struct{})}
	return d, func(cause error) {
		if cause == nil {
			cause = context.DeadlineExceeded
		}
		cancel(cause)
		close(d.past)
	}
}

type deadline struct {
	context.Context
	past chan struct{}
}

func (d *deadline) Done() <-chan struct{} { return d.past }

func (d *deadline) Err() error {
	select {
	case <-d.past:
		return context.DeadlineExceeded
	default:
		return nil
	}
}
