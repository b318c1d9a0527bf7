//go:build linux

package load

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// Lookups are the users' own name resolution. A look-up has sockets for which
// there is no slot, so they are counted.
type Lookups struct {
	Server string // address of the name server
	open   atomic.Int64
	begun  atomic.Uint64
}

// Open is how many sockets look-ups have open, or are about to.
func (l *Lookups) Open() int { return int(l.open.Load()) }

// Begun is how many they have opened since the start.
func (l *Lookups) Begun() uint64 { return l.begun.Load() }

func (l *Lookups) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: l.dial}
}

func (l *Lookups) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	l.open.Add(1)
	l.begun.Add(1)
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", l.Server)
	if err != nil {
		l.open.Add(-1)
		return nil, err
	}
	return &lookup{UDPConn: conn.(*net.UDPConn), of: l, end: time.Now().Add(dialTimeout)}, nil
}

// lookup ends with the dial it is for. Package net lets it wait for as long as
// resolv.conf(5) says, as others may be interested in the answer.
type lookup struct {
	*net.UDPConn
	of     *Lookups
	end    time.Time
	closed atomic.Bool
}

func (c *lookup) SetDeadline(t time.Time) error {
	if t.IsZero() || t.After(c.end) {
		t = c.end
	}
	return c.UDPConn.SetDeadline(t)
}

func (c *lookup) Close() error {
	err := c.UDPConn.Close()
	if !c.closed.Swap(true) {
		c.of.open.Add(-1)
	}
	return err
}
