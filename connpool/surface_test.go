package connpool_test

import (
	"crypto/tls"
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
