package snippets

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/smtp"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// mailConn is a connection with what the protocol keeps of it.
type mailConn struct {
	net.Conn
	client *smtp.Client
}

// NetConn lets the pool ask the kernel about it.
func (c *mailConn) NetConn() net.Conn { return c.Conn }

// SMTP returns a pool of connections that have been greeted, and that forget what their
// last user began.
func SMTP() *connpool.Pool {
	return &connpool.Pool{
		DialTimeout: 10 * time.Second, // with the greeting
		IdleTimeout: 30 * time.Second,
		DialFunc:    dialSMTP,
		Reset: func(_ context.Context, c net.Conn) error {
			return c.(*mailConn).client.Reset()
		},
	}
}

func dialSMTP(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := connpool.DialerConfig{}.Dialer().DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	client, err := smtp.NewClient(conn, address) // reads the greeting
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &mailConn{conn, client}, nil
}

// Mail sends a message, by the deadline of ctx.
func Mail(ctx context.Context, pool *connpool.Pool, server, from, to, text string) error {
	return pool.Do(ctx, "tcp", server, func(c *connpool.Conn) error {
		deadline, _ := ctx.Deadline()
		client := c.Conn.(*mailConn).client
		err := errors.Join(c.SetDeadline(deadline), client.Mail(from), client.Rcpt(to))
		if err != nil {
			return err // Do closes the connection
		}
		w, err := client.Data()
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
		return errors.Join(w.Close(), c.SetDeadline(time.Time{})) // Do parks it
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
