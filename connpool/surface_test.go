package connpool_test

import (
	"context"
	"crypto/tls"
	"iter"
	"log/slog"
	"net"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// The surface of the reference, locked at compile time.
var (
	_ func() *resourcepool.Pool                            = connpool.GetResourcePool
	_ func(network, address string) *connpool.ConnResource = connpool.New

	_ interface {
		Get(cancelChannel <-chan struct{}, timeout time.Duration) (*connpool.Conn, error)
		GetWithDialer(cancelChannel <-chan struct{}, dialer connpool.Dialer) (*connpool.Conn, error)
		ScheduleClose()
	} = (*connpool.ConnResource)(nil)

	_ interface {
		GetContext(ctx context.Context) (*connpool.Conn, error)
	} = (*connpool.ConnResource)(nil)

	_ interface {
		net.Conn
		Close() error
		Put()
	} = (*connpool.Conn)(nil)

	// The embedded field has the name and the type that callers use.
	_ = func(c *connpool.Conn) *net.Conn { return &c.Conn }

	_ connpool.Dialer = (*net.Dialer)(nil)
	_ connpool.Dialer = (*tls.Dialer)(nil)
	_ connpool.Dialer = onlyDial{}
)

// onlyDial has just the method that the reference asks for.
type onlyDial struct{}

func (onlyDial) Dial(network, address string) (net.Conn, error) { return net.Dial(network, address) }

// A Dialer has no other method: a value with just that one can be converted.
var _ = connpool.Dialer(interface {
	Dial(network, address string) (net.Conn, error)
}(onlyDial{}))

// The surface of Pool, locked likewise.
var (
	_ interface {
		Get(ctx context.Context, network, address string) (*connpool.Conn, error)
		TryGet(network, address string) (*connpool.Conn, bool)
		Do(ctx context.Context, network, address string, f func(*connpool.Conn) error) error
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
		Warm(ctx context.Context, network, address string, n int) error
		CloseIdle(network, address string)
		CloseIdleConnections()
		Shutdown(ctx context.Context) error
		Close() error
		Stats() connpool.PoolStats
		Holders() iter.Seq[connpool.Holder]
	} = (*connpool.Pool)(nil)

	_ func(*connpool.Conn) bool                           = (*connpool.Conn).Reused
	_ func(net.Listener, *resourcepool.Pool) net.Listener = connpool.NewListener

	_, _ error = connpool.ErrTooManyWaiting, connpool.ErrClosed
	_          = connpool.Pool{
		Slots:         (*resourcepool.Pool)(nil),
		DialFunc:      (&net.Dialer{}).DialContext,
		DialTimeout:   time.Second,
		MaxPerAddress: 1, MaxWaiting: 1,
		IdleTimeout: time.Second, MaxLifetime: time.Second,
		Check:      func(context.Context, net.Conn) error { return nil },
		Reset:      func(context.Context, net.Conn) error { return nil },
		Backoff:    &connpool.Backoff{Base: time.Second, Max: time.Second, Factor: 1, Jitter: 0},
		EvictQuiet: time.Second, HoldWarning: time.Second,
		Trace:  &connpool.Trace{},
		Logger: (*slog.Logger)(nil),
	}
	_ = connpool.BackoffError{Network: "", Address: "", Next: time.Time{}, Err: nil}
	_ = connpool.Holder{Network: "", Address: "", Since: time.Time{}}
)
