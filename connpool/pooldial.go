package connpool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/slotpool/slotpool/internal/dialgate"
)

// dialConn dials, with a slot in hand, and tells the hooks and the counts.
func (p *pool) dialConn(ctx context.Context, network, address string, clock *dialgate.Clock, starved *starvation) (conn net.Conn, err error) {
	began, returned := time.Now(), false
	p.settings.dialStart(network, address)
	defer func() {
		if !returned {
			err = errDialPanicked // for the hook alone: the panic goes on
		}
		took := time.Since(began)
		p.counts.dialed(err)
		p.journal.dialed(network, address, took, err)
		told := false
		defer func() {
			if !told && conn != nil { // the hook ends the goroutine
				conn.Close()
			}
		}()
		p.settings.dialDone(network, address, took, err)
		told = true
	}()
	conn, err = theGate.dial(ctx, network, address, p.connect, dialOptions{
		pool: p.slots, timeout: p.settings.DialTimeout, late: dialTimeout(p.settings.DialTimeout), ours: p.ownDial, clock: clock, starved: starved,
	})
	returned = true
	return conn, err
}

var errDialPanicked = errors.New("connpool: DialFunc panicked")

// connect calls DialFunc and makes an error of what it must not return.
func (p *pool) connect(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := p.settings.DialFunc(ctx, network, address)
	switch {
	case err != nil:
		if !isNil(conn) {
			conn.Close() // nobody else knows of it
		}
		return nil, late(ctx, err)
	case isNil(conn):
		return nil, fmt.Errorf("connpool: DialFunc returned neither a connection nor an error for %s %s", network, address)
	}
	return conn, nil
}

func timedOut(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &n) && n.Timeout()
}
