package connpool

import (
	"net"
	"syscall"
	"time"

	"github.com/slotpool/slotpool/internal/sysnet"
)

// DialerConfig has the options that a Get sets on the connections that it dials
// itself. It is for callers that dial themselves, or that want other values. The
// zero value has the values that Get has.
type DialerConfig struct {
	// Timeout limits one Dial, in which several addresses may be tried. 0 or
	// less: the system does.
	Timeout time.Duration

	// A connection on which nothing is sent is probed after KeepAliveIdle. It fails after
	// KeepAliveCount probes, KeepAliveInterval apart, that were not answered. 0: 15 s, 15 s
	// and 3. Negative: what the system has. See net.KeepAliveConfig.
	KeepAliveIdle, KeepAliveInterval time.Duration
	KeepAliveCount                   int

	// UserTimeout is how long sent bytes may stay unacknowledged before the connection
	// fails: TCP_USER_TIMEOUT of tcp(7), on Linux. It is rounded up to milliseconds. 0: 60 s.
	// Negative: it is not set, and then a write to a peer that is gone can hang for a quarter
	// of an hour.
	//
	// A peer that is alive but does not read counts too. If its window is closed for that long
	// while bytes wait to be sent, the connection fails, although its kernel answers each
	// probe. Give a longer time, or a negative one, to a peer that may stop reading for
	// minutes.
	//
	// With Dialer it also limits each connect, as the option is set before that. Get sets it
	// after the connect.
	UserTimeout time.Duration
}

// Dialer returns a dialer that sets these options on TCP connections. It is a plain
// net.Dialer: a tls.Dialer may have it, and its fields are the caller's to change.
// Its Control sets UserTimeout.
func (c DialerConfig) Dialer() *net.Dialer {
	return &net.Dialer{
		Timeout: max(c.Timeout, 0),
		KeepAliveConfig: net.KeepAliveConfig{
			Enable:   true,
			Idle:     orDefault(c.KeepAliveIdle, sysnet.KeepAliveIdle),
			Interval: orDefault(c.KeepAliveInterval, sysnet.KeepAliveInterval),
			Count:    orDefault(c.KeepAliveCount, sysnet.KeepAliveCount),
		},
		Control: c.control(),
	}
}

func (c DialerConfig) control() func(network, address string, raw syscall.RawConn) error {
	if c.UserTimeout < 0 {
		return nil
	}
	return sysnet.UserTimeoutControl(orDefault(c.UserTimeout, sysnet.UserTimeout))
}

func orDefault[T int | time.Duration](value, standard T) T {
	if value == 0 {
		return standard
	}
	return value
}
