// Package slothttp is an http.RoundTripper whose connections hold slots of a
// resourcepool.Pool. They share these with all else that the process has open. It is
// for a process that speaks HTTP to more servers than it may have descriptors, or
// that has other users of the same descriptors.
//
//	client := &http.Client{Transport: &slothttp.Transport{}}
//
// TLS, HTTP/2, proxies and the protocol itself are those of net/http, by way of
// http.Transport.NewClientConn. This package decides only which request gets which
// connection, and which connection is closed to make room.
//
// An idle connection stays open until its slot is needed. Which one is evicted is
// learned from the traffic (see package resourcepool), and what is learned of a server
// outlives its connections. When all slots are in use a request waits, in order of
// arrival, until its context is over. http.Transport would dial and fail with "too
// many open files".
//
// # Life of a connection
//
//	request ──▶ origin (scheme, host and port, proxy)
//	             │
//	             ├─ an HTTP/2 connection in use that may take one more ──────┐
//	             ├─ the newest idle connection ──────────────────────────────┤
//	             └─ a slot: free, or that of an idle connection that is      │
//	                closed for it, or waited for ─▶ dial, TLS, CONNECT ──────┤
//	                                                                         ▼
//	    ┌──────────────────────────────────────────────────────────────── in use
//	    │                                                                    │
//	    │ failed, cancelled, refused keep-alive,         answered, body read │
//	    │ body closed before its end                     to its end          ▼
//	    │                                                                  idle
//	    │    the server closed it; its slot was needed; IdleConnTimeout;     │
//	    ▼    MaxConnLifetime; CloseIdleConnections                           │
//	 socket closed, slot free ◀──────────────────────────────────────────────┘
//
// The slot belongs to the socket: it is free when the socket is closed, for whatever
// reason. After a 101 (Switching Protocols) the body of the response is the
// connection, which keeps its slot until the body is closed.
//
// An HTTP/1 connection serves one request at a time. An HTTP/2 connection serves as
// many as the server allows, and is idle when none is in flight. When it has as many
// as that, one more connection is opened. To a server that may speak HTTP/2 one
// connection is opened at a time, and requests that come meanwhile wait for it.
//
// # Retries
//
// A request is sent again, on another connection, if the server gave up a connection
// that had been used before, and one of these holds:
//
//   - Nothing of the request was written.
//   - It is safe to repeat (GET, HEAD, OPTIONS, TRACE, or with an Idempotency-Key), and
//     not one byte of an answer came.
//   - Over HTTP/2, the server says that it was not processed (REFUSED_STREAM, or a
//     GOAWAY that leaves it out).
//
// If its body was read, that needs Request.GetBody. In doubt a request is not repeated.
//
// # Differences from http.Transport
//
//   - A dial, with its handshakes, takes 30 s at most, whatever Base says. Once all
//     who waited for it have given up, it takes one second more at most. With all slots
//     taken, a dial that takes longer than two seconds, as others do, is ended and begun
//     again later, when no more than an eighth of the slots are with such hosts.
//   - A stream reset with PROTOCOL_ERROR is an error, not a reason to retry.
//   - GotConnInfo.Conn is the socket below TLS, not the *tls.Conn.
//   - Base.MaxIdleConns, MaxIdleConnsPerHost (if not negative), MaxConnsPerHost and
//     IdleConnTimeout are not looked at.
//   - *os.File bodies are copied, not sent by sendfile(2).
//   - Protocols added by Base.RegisterProtocol work, except for http and https.
//
// # When not to use it
//
//   - Your servers are few, or your descriptors suffice, and nothing else wants
//     them: http.Transport is simpler, and is used far more widely.
//   - Your requests hold a response open while they make another request. With all
//     slots held by such requests, each waits for the others. Give the inner requests
//     slots of their own: another Transport with another pool.
//   - Base.DialTLSContext returns a *tls.Conn. It works, but nothing is ever retried,
//     as what was written cannot be seen.
package slothttp
