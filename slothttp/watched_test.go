package slothttp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// watched is a request's body that knows what was done with it.
type watched struct {
	io.Reader
	read   atomic.Bool
	closed atomic.Int32
}

func (b *watched) Read(p []byte) (int, error) {
	b.read.Store(true)
	return b.Reader.Read(p)
}

func (b *watched) Close() error {
	b.closed.Add(1)
	return nil
}

// eventuallyClosed waits for that: net/http may close a body a little after
// RoundTrip has returned.
func (e *env) eventuallyClosed(b *watched) bool {
	for deadline := time.Now().Add(testkit.Patience); b.closed.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

var errBroken = errors.New("broken")

func failingDial(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no way") }

// hangingDial tells when it begins and lasts until its context ends.
func hangingDial(begins chan<- struct{}) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		begins <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
}

// holdDials makes the dials of a transport tell when they begin, and wait until proceed
// is closed.
func holdDials(base *http.Transport) (dialling <-chan struct{}, proceed chan<- struct{}) {
	begun, held := make(chan struct{}, 9), make(chan struct{})
	base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		begun <- struct{}{}
		<-held
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	return begun, held
}
