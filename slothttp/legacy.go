package slothttp

//lint:file-ignore SA1019 net/http still honours what it has deprecated, and so does this package

import (
	"context"
	"net"
	"net/http"
)

func dialerOf(t *http.Transport) dialFunc {
	switch {
	case t.DialContext != nil:
		return t.DialContext
	case t.Dial != nil:
		return withoutContext(t.Dial)
	}
	return new(net.Dialer).DialContext
}

func secureDialerOf(t *http.Transport) dialFunc {
	switch {
	case t.DialTLSContext != nil:
		return t.DialTLSContext
	case t.DialTLS != nil:
		return withoutContext(t.DialTLS)
	}
	return nil
}

func withoutContext(dial func(network, address string) (net.Conn, error)) dialFunc {
	return func(_ context.Context, network, address string) (net.Conn, error) { return dial(network, address) }
}

func customDial(t *http.Transport) bool {
	return t.Dial != nil || t.DialContext != nil || t.DialTLS != nil || t.DialTLSContext != nil
}

// setDialers replaces all four.
func setDialers(t *http.Transport, plain, secure dialFunc) {
	t.DialContext, t.Dial = plain, nil
	t.DialTLSContext, t.DialTLS = secure, nil
}

// cancellable returns the context of all attempts at r, which also ends with
// r.Cancel. It must be cancelled: net/http leaves a failed request's context
// among the children of its parent.
func cancellable(r *http.Request) (context.Context, context.CancelFunc) {
	ctx := r.Context()
	if ctx.Done() == nil && r.Cancel == nil {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	if r.Cancel != nil {
		go func() {
			select {
			case <-r.Cancel:
				cancel(errCancelled)
			case <-ctx.Done():
			}
		}()
	}
	return ctx, func() { cancel(nil) }
}

// withContext is r.WithContext of what cancellable returned.
func withContext(r *http.Request, ctx context.Context) *http.Request {
	next := r.WithContext(ctx)
	next.Cancel = nil
	return next
}
