package slothttp

import (
	"net/http"
	"sync"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// Transport is an http.RoundTripper whose connections hold slots. The zero value is
// ready to use. All its methods may be called concurrently. It must not be copied
// after its first use.
//
// The fields are read at the first use; a later change has no effect. A bad value,
// such as a negative time, is an error of every RoundTrip.
type Transport struct {
	// Base says how connections are made: dialling, TLS, protocols, proxy, timeouts,
	// compression. It is cloned at the first use, and its own connections are not
	// touched. nil: http.DefaultTransport.
	Base *http.Transport

	// Slots is the pool whose slots the connections hold. nil:
	// connpool.GetResourcePool().
	Slots *resourcepool.Pool

	// MaxConnsPerHost is how many connections one origin (scheme, host, port and proxy)
	// may have, those that are being opened included. Further requests wait. 0: no limit
	// but the slots.
	MaxConnsPerHost int

	// IdleConnTimeout is how long a connection may be idle before it is closed. 0: until
	// its slot is needed or the server closes it.
	IdleConnTimeout time.Duration

	// MaxConnLifetime is how long after its dial a connection is closed, as soon as it
	// is idle. It is shortened by up to a tenth at random, so that connections made
	// together do not end together. 0: no limit.
	MaxConnLifetime time.Duration

	once  sync.Once
	state *state // nil if err is not
	err   error
}

// RoundTrip sends the request and returns the response, as http.RoundTripper has
// it. If all slots are in use it waits for one. The caller must close the
// response's body, and should read it to its end first: only then can the
// connection be used again.
//
//   - If the request's context ends while RoundTrip waits for a slot or for another
//     request's connection, errors.Is finds the context's error, and
//     resourcepool.ErrorResourceLimitExceeded or ErrorPutTimeout.
//   - When Timeout of an http.Client ends the wait, net/http often keeps only the
//     text of that error. To use errors.Is, give the request a context with a sooner
//     deadline.
//   - Errors of dials and of the protocol are those of net/http.
//
// The body of the request is always closed, also on errors, but perhaps only after
// RoundTrip has returned.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	s, err := t.use()
	if err != nil {
		closeBody(request)
		return nil, err
	}
	return s.roundTrip(request)
}

// CloseIdleConnections closes all idle connections, and ends dials whose requests
// have given up. A connection that is in use is closed when it becomes idle, unless
// another request has begun on it since.
func (t *Transport) CloseIdleConnections() {
	if s, err := t.use(); err == nil {
		s.closeIdleConnections()
	}
}
