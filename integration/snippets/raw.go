package snippets

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// SMTP returns a pool of connections that have been greeted, and that forget what their
// last user began.
func SMTP() *connpool.Pool {
	return &connpool.Pool{
		DialTimeout: 10 * time.Second, // with the greeting
		DialFunc:    dialSMTP,         // its connections are *mailConn
		Reset: func(_ context.Context, c net.Conn) error {
			return c.(*mailConn).client.Reset()
		},
	}
}

// Mail sends a message, by the deadline of ctx.
func Mail(ctx context.Context, pool *connpool.Pool, server, from, to, text string) error {
	return pool.Do(ctx, "tcp", server, func(c *connpool.Conn) error {
		deadline, _ := ctx.Deadline()                  // without one: none
		c.SetDeadline(deadline)                        // Put takes it off
		return c.Conn.(*mailConn).send(from, to, text) // after an error Do closes the connection
	})
}

// Serve serves, and leaves half of the slots to what answering needs.
func Serve(l net.Listener, slots *resourcepool.Pool, handler http.Handler) error {
	inbound := slots.Sub(slots.Stats().Max/2, "inbound")
	defer inbound.Close()
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       30 * time.Second, // a kept connection keeps its slot
	}
	return server.Serve(connpool.NewListener(l, inbound))
}
